using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Namespace Attachment (NVMe 1.4 §5.19).</summary>
internal sealed class NamespaceAttachmentCommand : DataFromHostCommand
{
    private const ushort NamespaceLocation = 4;
    private const ushort SelectLocation = 40;

    public override CommandEffects Effects =>
        CommandEffects.Supported | CommandEffects.NamespaceCapabilityChange | CommandEffects.NamespaceInventoryChange;

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out bool hasData, out ushort location)
    {
        hasData = true;
        location = SelectLocation;
        if (Select(engine, slot) > NamespaceAttachmentSelect.Detach)
        {
            return NvmeStatus.InvalidField;
        }

        location = NamespaceLocation;
        return engine.Parts.Subsystem.Find(slot.NamespaceId) is null ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
    }

    protected override NvmeStatus Start(CommandEngine engine, ref CommandSlot slot, Span<byte> data)
    {
        var list = new ControllerList(data);
        if (list.Count is 0 or > ControllerLimits.ControllersMax)
        {
            return NvmeStatus.ControllerListInvalid;
        }

        var controllers = new int[list.Count];
        for (var i = 0; i < controllers.Length; i++)
        {
            controllers[i] = list[i];
            // §4.9: in ascending order, so that none is there twice.
            if (i > 0 && controllers[i] <= controllers[i - 1])
            {
                return NvmeStatus.ControllerListInvalid;
            }
        }

        NamespaceChange change = Select(engine, slot) == NamespaceAttachmentSelect.Attach
            ? new AttachChange(slot.NamespaceId, controllers)
            : new DetachChange(slot.NamespaceId, controllers);
        return engine.Parts.Subsystem.Changes.Start(change, engine, ref slot);
    }

    private static NamespaceAttachmentSelect Select(CommandEngine engine, in CommandSlot slot) =>
        (NamespaceAttachmentSelect)(engine.Parts.Commands.Entry(slot.Index).Dw10 & 0xF);
}
