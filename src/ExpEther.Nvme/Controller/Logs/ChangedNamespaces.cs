using System.Buffers.Binary;

namespace ExpEther.Nvme.Controller.Logs;

/// <summary>The Changed Namespace List: NSIDs that changed since the host last read it, lowest first (NVMe 1.4 §5.14.1.4).</summary>
internal sealed class ChangedNamespaces
{
    private readonly SortedSet<uint> _ids = [];

    public void Add(uint id) => _ids.Add(id);

    public void Clear() => _ids.Clear();

    public void Write(Span<byte> into)
    {
        // There are fewer namespaces than the list has entries, so it never overflows.
        foreach (var id in _ids)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into, id);
            into = into[4..];
        }
    }
}
