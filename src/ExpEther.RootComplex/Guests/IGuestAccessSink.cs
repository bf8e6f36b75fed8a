namespace ExpEther.RootComplex.Guests;

/// <summary>Hears how a guest's accesses end: each exactly once, within the completion timeout, in any order.</summary>
public interface IGuestAccessSink
{
    /// <param name="token">As given with the read.</param>
    /// <param name="data">All that was asked for; all-ones where nobody answered. Valid during the call.</param>
    void OnRead(ulong token, ReadOnlySpan<byte> data);

    /// <summary>A write that waits for its end (configuration writes, resets) is done, or was given up.</summary>
    /// <param name="token">As given with the write.</param>
    /// <param name="isDone">False: nobody answered in time, or the function refused it.</param>
    void OnWritten(ulong token, bool isDone);
}
