using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Guests;

/// <summary>A slot's posted writes that wait to leave, oldest first, counted so that reads know what goes before them.</summary>
internal sealed class GuestWrites(Rid requester)
{
    private readonly TlpQueue _queue = new(GuestLimits.PostedBytesPerSlotMax);
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    /// <summary>Writes taken so far.</summary>
    public long Added { get; private set; }

    /// <summary>Of them, those that have left.</summary>
    public long Gone => Added - _queue.Count;

    /// <param name="address">Mem_H.</param>
    /// <param name="data">Any length; TLPs are cut at 4 KB (PCIe 5.0 §2.2.7), and by the bridge to what its links carry.</param>
    /// <returns>False: there is no room for all of it, and nothing was taken.</returns>
    public bool TryAdd(ulong address, ReadOnlySpan<byte> data)
    {
        var tlps = (data.Length / TlpLimits.RequestBoundaryBytes) + 2;
        if (!_queue.HasRoom(tlps, data.Length + (tlps * (TlpLimits.HeaderBytesMax + 8L))))
        {
            return false;
        }

        while (data.Length > 0)
        {
            var bytes = Math.Min(data.Length, TlpLimits.RequestBoundaryBytes - (int)(address & (TlpLimits.RequestBoundaryBytes - 1)));
            var length = new MemoryWrite(requester, address).Write(_tlp, data[..bytes]);
            Check.That(_queue.TryEnqueue(_tlp.AsSpan(0, length)));
            Added++;
            address += (ulong)bytes;
            data = data[bytes..];
        }

        return true;
    }

    public bool TryTake(Span<byte> into, out int length) => _queue.TryDequeue(into, out length);

    /// <summary>Forgets them: the function is gone.</summary>
    /// <returns>How many.</returns>
    public int Clear()
    {
        var count = _queue.Count;
        _queue.Clear();
        return count;
    }
}
