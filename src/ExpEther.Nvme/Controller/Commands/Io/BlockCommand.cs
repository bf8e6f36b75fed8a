using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>What the commands on a range of blocks of a namespace have in common (NVMe 1.4 §6.6, §6.9, §6.14, §6.15, §6.17).</summary>
internal abstract class BlockCommand : INvmeCommand
{
    protected const ushort NamespaceLocation = 4;
    private const ushort StartLocation = 40;
    private const ushort CountLocation = 48;

    /// <summary>The largest buffer that a command asks for: Compare needs the host's data and the backend's.</summary>
    public static int BufferBytesMax(NvmeControllerOptions options) => 2 * options.MaxDataTransferBytes;

    public abstract CommandEffects Effects { get; }

    public abstract void Run(CommandEngine engine, ref CommandSlot slot);

    /// <summary>Checks namespace, protection, length and range; ends the command when one is wrong.</summary>
    protected static bool TryBegin(
        CommandEngine engine, ref CommandSlot slot, bool writes, bool transfers, out NamespaceAttachment target, out long offsetBytes,
        out long bytes)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        offsetBytes = 0;
        bytes = 0;
        target = engine.Parts.Backends.Find(slot.NamespaceId)!;
        if (target is null)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidNamespaceOrFormat, NamespaceLocation);
            return false;
        }

        if (writes && target.IsReadOnly)
        {
            engine.Finish(ref slot, NvmeStatus.NamespaceIsWriteProtected, NamespaceLocation);
            return false;
        }

        bytes = (long)entry.BlockCount << target.BlockShift;
        if (transfers && bytes > engine.Parts.Options.MaxDataTransferBytes)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, CountLocation);
            return false;
        }

        var start = entry.StartingLba;
        if (start >= target.Blocks || (ulong)entry.BlockCount > target.Blocks - start)
        {
            engine.Finish(ref slot, NvmeStatus.LbaOutOfRange, StartLocation);
            return false;
        }

        offsetBytes = (long)start << target.BlockShift;
        return true;
    }

    protected static NamespaceAttachment Target(CommandEngine engine, in CommandSlot slot) => engine.Parts.Backends.Find(slot.NamespaceId)!;

    /// <summary>The command's effect must be durable before it ends: asked by FUA, or because the volatile write cache is off.</summary>
    protected static bool MustBeDurable(CommandEngine engine, in CommandSlot slot) =>
        engine.Parts.Commands.Entry(slot.Index).ForceUnitAccess || !engine.Parts.Features.IsWriteCacheEnabled;
}
