using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Our own resize of a namespace: <see cref="AdminOpcode.ResizeNamespace"/>.</summary>
internal sealed class ResizeNamespaceCommand : DataFromHostCommand
{
    private const ushort SizeLocation = 40;

    public override CommandEffects Effects => CommandEffects.Supported | CommandEffects.NamespaceCapabilityChange;

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out bool hasData, out ushort location)
    {
        hasData = false;
        location = SizeLocation;
        return Blocks(engine, slot) == 0 ? NvmeStatus.InvalidField : NvmeStatus.Success;
    }

    protected override NvmeStatus Start(CommandEngine engine, ref CommandSlot slot, Span<byte> data) =>
        engine.Parts.Subsystem.Changes.Start(new ResizeChange(slot.NamespaceId, Blocks(engine, slot)), engine, ref slot);

    private static ulong Blocks(CommandEngine engine, in CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        return ((ulong)entry.Dw11 << 32) | entry.Dw10;
    }
}
