namespace ExpEther.Daemon.Control;

/// <summary>Bytes on their way to a slow reader: appended at the end, taken at the start, moved down when the end is reached.</summary>
internal sealed class OutputBuffer
{
    private byte[] _bytes = new byte[4096];
    private int _start;
    private int _end;

    public int Count => _end - _start;

    public ReadOnlySpan<byte> Waiting => _bytes.AsSpan(_start, Count);

    public void Append(ReadOnlySpan<byte> more)
    {
        if (_bytes.Length - _end < more.Length)
        {
            var count = Count;
            var into = _bytes.Length >= count + more.Length ? _bytes : new byte[Math.Max(_bytes.Length * 2, count + more.Length)];
            Waiting.CopyTo(into);
            (_bytes, _start, _end) = (into, 0, count);
        }

        more.CopyTo(_bytes.AsSpan(_end));
        _end += more.Length;
    }

    public void Take(int count)
    {
        _start += count;
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
    }
}
