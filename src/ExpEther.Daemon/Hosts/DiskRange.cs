using ExpEther.Daemon.Control;
using ExpEther.Nvme.Driver;

namespace ExpEther.Daemon.Hosts;

/// <summary>A range of a namespace in whole blocks.</summary>
/// <param name="Disk">Which disk.</param>
/// <param name="Namespace">Which of its namespaces.</param>
/// <param name="OffsetBytes">Where it starts.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="IsOpenEnded">No length was asked for: it reaches to the namespace's end, and a write may end before.</param>
internal sealed record DiskRange(NvmeDisk Disk, NvmeNamespace Namespace, long OffsetBytes, long Bytes, bool IsOpenEnded)
{
    public int BlockBytes => Namespace.BlockBytes;

    /// <summary>Reads disk, namespace, offset and bytes from a call's arguments; the rest of the disk when no length is given.</summary>
    public static async Task<(ControlReply? Mistake, DiskRange? Range)> ReadAsync(ControlCall call, HostSet hosts)
    {
        var name = call.Arguments.Text("disk");
        var host = call.Arguments.Text("host");
        var nsid = call.Arguments.Number("namespace", 1, uint.MaxValue);
        var offset = call.Arguments.Number("offset", 0, long.MaxValue) ?? 0;
        var bytes = call.Arguments.Number("bytes", 0, long.MaxValue);
        if (call.Arguments.Mistake() is { } mistake)
        {
            return (mistake, null);
        }

        var (missing, disk) = await hosts.FindAsync(host, name);
        if (missing is not null)
        {
            return (missing, null);
        }

        var (unknown, target) = NamespaceOf(disk!, nsid);
        if (unknown is not null)
        {
            return (unknown, null);
        }

        var found = target!;
        var size = (long)found.Bytes;
        var length = bytes ?? Math.Max(size - offset, 0);
        if (offset > size || length > size - offset)
        {
            return (ControlReply.Fail(
                ControlErrorCode.OutOfRange,
                $"{length} bytes from {offset} do not fit into namespace {found.Id} of '{disk!.Name}', which has {size} bytes",
                "choose a smaller range"), null);
        }

        if (offset % found.BlockBytes != 0 || length % found.BlockBytes != 0)
        {
            return (ControlReply.Fail(
                ControlErrorCode.OutOfRange,
                $"{length} bytes from {offset} are not whole blocks of {found.BlockBytes} bytes",
                $"choose multiples of {found.BlockBytes}, for example from {offset / found.BlockBytes * found.BlockBytes}"), null);
        }

        return (null, new DiskRange(disk!, found, offset, length, bytes is null));
    }

    /// <summary>The namespace that a call means: the disk's first one unless it names another.</summary>
    public static (ControlReply? Mistake, NvmeNamespace? Found) NamespaceOf(NvmeDisk disk, long? nsid)
    {
        var found = disk.Namespaces.FirstOrDefault(n => nsid is null || n.Id == nsid);
        return (found, disk.Namespaces.Count) switch
        {
            (not null, _) => (null, found),
            (null, 0) => (ControlReply.Fail(
                ControlErrorCode.OutOfRange, $"disk '{disk.Name}' has no namespace now",
                "make one at its I/O box (`expether namespace create`), or share one with all hosts"), null),
            _ => (ControlReply.Fail(
                ControlErrorCode.OutOfRange, $"disk '{disk.Name}' has no namespace {nsid}",
                $"it has: {string.Join(", ", disk.Namespaces.Select(n => n.Id))}"), null),
        };
    }
}
