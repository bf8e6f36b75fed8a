using ExpEther.RootComplex.Guests;

namespace ExpEther.RootComplex.Tests.Guests;

/// <summary>Hears how a slot's accesses end, and that each does once.</summary>
internal sealed class AccessLog : IGuestAccessSink
{
    public Dictionary<ulong, byte[]> Reads { get; } = [];

    public Dictionary<ulong, bool> Writes { get; } = [];

    /// <summary>Runs at each end.</summary>
    public Action? Ended { get; set; }

    public int Count => Reads.Count + Writes.Count;

    public void OnRead(ulong token, ReadOnlySpan<byte> data)
    {
        Reads.Add(token, data.ToArray());
        Ended?.Invoke();
    }

    public void OnWritten(ulong token, bool isDone)
    {
        Writes.Add(token, isDone);
        Ended?.Invoke();
    }
}
