using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>Attaches a namespace to controllers (NVMe 1.4 §5.19): to all of them or, when one of them may not have it, to none.</summary>
internal sealed class AttachChange(uint namespaceId, int[] controllers) : NamespaceChange
{
    public override bool Step(NvmSubsystem subsystem)
    {
        if (subsystem.Find(namespaceId) is not { } target)
        {
            return End(NvmeStatus.InvalidNamespaceOrFormat);
        }

        if (!Array.TrueForAll(controllers, each => each < subsystem.ControllerCount))
        {
            return End(NvmeStatus.ControllerListInvalid);
        }

        if (Array.Exists(controllers, each => subsystem.IsAttached(namespaceId, each)))
        {
            return End(NvmeStatus.NamespaceAlreadyAttached);
        }

        if (!target.IsShared && (controllers.Length > 1 || subsystem.IsInUse(namespaceId)))
        {
            return End(NvmeStatus.NamespaceIsPrivate);
        }

        foreach (var each in controllers)
        {
            subsystem.Attach(target, each);
        }

        return End(NvmeStatus.Success);
    }
}
