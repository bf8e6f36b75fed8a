using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>A change of what namespaces there are or who has them, as a command of the primary controller asks for it. It may take many steps.</summary>
internal abstract class NamespaceChange
{
    /// <summary>How it ended.</summary>
    public NvmeStatus Status { get; protected set; }

    /// <summary>DW0 of the completion.</summary>
    public uint Result { get; protected set; }

    /// <summary>Goes on as far as it can.</summary>
    /// <returns>True: it is over.</returns>
    public abstract bool Step(NvmSubsystem subsystem);

    protected bool End(NvmeStatus status, uint result = 0)
    {
        Status = status;
        Result = result;
        return true;
    }
}
