namespace ExpEther.Daemon.Capture;

/// <summary>
/// Whole pcapng blocks on their way to the client: a ring of equal pieces, filled at one end, taken at the other. All of it is there
/// from the start, and when it is full there is no room: nobody waits.
/// </summary>
internal sealed class CaptureBuffer(int chunks, int chunkBytes)
{
    private readonly byte[][] _chunks = [.. Enumerable.Range(0, chunks).Select(_ => new byte[chunkBytes])];
    private readonly int[] _used = new int[chunks];
    private int _first;
    private int _filling;

    /// <summary>Pieces that are full, the one being filled not counted.</summary>
    public int FullChunks => (_filling - _first + _chunks.Length) % _chunks.Length;

    public bool IsEmpty => FullChunks == 0 && _used[_filling] == 0;

    /// <returns>False: no room.</returns>
    public bool TryReserve(int bytes, out Span<byte> room)
    {
        Check.That(bytes <= chunkBytes);
        if (chunkBytes - _used[_filling] < bytes)
        {
            var next = (_filling + 1) % _chunks.Length;
            if (next == _first)
            {
                room = default;
                return false;
            }

            _filling = next;
        }

        room = _chunks[_filling].AsSpan(_used[_filling], bytes);
        _used[_filling] += bytes;
        return true;
    }

    /// <summary>The oldest piece; nothing is written to it any more. Valid until <see cref="Release"/>. Not when empty.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        Check.That(!IsEmpty);
        if (_first == _filling)
        {
            // With one piece beside it there is always a next one to fill.
            _filling = (_filling + 1) % _chunks.Length;
        }

        return _chunks[_first].AsMemory(0, _used[_first]);
    }

    public void Release()
    {
        _used[_first] = 0;
        _first = (_first + 1) % _chunks.Length;
    }
}
