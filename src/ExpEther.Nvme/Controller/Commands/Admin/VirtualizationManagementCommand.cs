using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Virtualization Management (NVMe 1.4 §5.22): resources and states of the secondary controllers. It ends at once.</summary>
internal sealed class VirtualizationManagementCommand : INvmeCommand
{
    private const ushort RequestLocation = 40;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var request = VirtualizationRequest.From(entry.Dw10, entry.Dw11);
        engine.Finish(ref slot, engine.Parts.Subsystem.Virtualization!.Apply(request, out slot.Result), RequestLocation);
    }
}
