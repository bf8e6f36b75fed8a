using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>
/// Namespace Management (NVMe 1.4 §5.20): creates and deletes namespaces of the pool. There is one format, no metadata, no protection, no
/// thin provisioning. A shared namespace that is created here can be written by all: the command has no field that says otherwise.
/// </summary>
internal sealed class NamespaceManagementCommand : DataFromHostCommand
{
    private const ushort NamespaceLocation = 4;
    private const ushort SelectLocation = 40;

    public override CommandEffects Effects =>
        CommandEffects.Supported | CommandEffects.NamespaceCapabilityChange | CommandEffects.NamespaceInventoryChange;

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out bool hasData, out ushort location)
    {
        var select = Select(engine, slot);
        hasData = select == NamespaceManagementSelect.Create;
        location = SelectLocation;
        if (select > NamespaceManagementSelect.Delete)
        {
            return NvmeStatus.InvalidField;
        }

        location = NamespaceLocation;
        return hasData && slot.NamespaceId != 0 ? NvmeStatus.InvalidField : NvmeStatus.Success;
    }

    protected override NvmeStatus Start(CommandEngine engine, ref CommandSlot slot, Span<byte> data)
    {
        if (Select(engine, slot) == NamespaceManagementSelect.Delete)
        {
            return engine.Parts.Subsystem.Changes.Start(new DeleteChange(slot.NamespaceId), engine, ref slot);
        }

        var asked = new IdentifyNamespace(data);
        if (asked.FormattedLbaSize != 0 || asked.ProtectionSettings != 0)
        {
            return NvmeStatus.InvalidFormat;
        }

        if (asked.Size == 0)
        {
            return NvmeStatus.InvalidField;
        }

        if (asked.Capacity != asked.Size)
        {
            return asked.Capacity < asked.Size ? NvmeStatus.ThinProvisioningNotSupported : NvmeStatus.InvalidField;
        }

        return engine.Parts.Subsystem.Changes.Start(new CreateChange(asked.Size, asked.IsShared), engine, ref slot);
    }

    private static NamespaceManagementSelect Select(CommandEngine engine, in CommandSlot slot) =>
        (NamespaceManagementSelect)(engine.Parts.Commands.Entry(slot.Index).Dw10 & 0xF);
}
