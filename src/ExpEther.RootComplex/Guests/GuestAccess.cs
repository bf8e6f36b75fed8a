using ExpEther.Core.Time;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Guests;

/// <summary>One access that waits for its end; used again for others. It leaves as one request or many, and ends with the last of them.</summary>
internal sealed class GuestAccess
{
    private byte[] _data = [];

    public GuestAccessKind Kind { get; private set; }

    /// <summary>Mem_H of a read of memory; a byte offset in configuration space.</summary>
    public ulong Address { get; private set; }

    public int Bytes { get; private set; }

    public ulong Token { get; set; }

    /// <summary>Who waits, when it is no access of the guest.</summary>
    public TaskCompletionSource<ConfigResult>? Waiter { get; set; }

    /// <summary>The number of posted writes that leave before it.</summary>
    public long PostedBefore { get; private set; }

    public Instant Deadline { get; private set; }

    /// <summary>Bytes for which requests have left.</summary>
    public int Asked { get; set; }

    /// <summary>Requests whose completions have not all come.</summary>
    public int InFlight { get; set; }

    public ConfigStatus Status { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>True from its begin until it was given back.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>What is read, all-ones where nothing came; what is written.</summary>
    public Span<byte> Data => _data.AsSpan(0, Bytes);

    public void Begin(GuestAccessKind kind, ulong address, int bytes, long postedBefore, Instant deadline)
    {
        (Kind, Address, Bytes, PostedBefore, Deadline) = (kind, address, bytes, postedBefore, deadline);
        (Asked, InFlight, Status, HasEnded, IsUsed) = (0, 0, ConfigStatus.Success, false, true);
        if (_data.Length < bytes)
        {
            _data = new byte[Math.Max(16, bytes)];
        }

        Data.Fill(0xFF);
    }

    public void Free()
    {
        IsUsed = false;
        Waiter = null;
        if (_data.Length > GuestLimits.BufferBytesKept)
        {
            _data = [];
        }
    }
}
