using ExpEther.Core.Time;
using ExpEther.Linux.Memory;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.VfioUser.Memory;

/// <summary>
/// A client's memory as its device reaches it: ranges that cannot go away as spans, those that could by guarded copies, the others by asking.
/// The same object for every client; empty without one.
/// Spans are valid during the call that got them: the client's next message may unmap what is behind them.
/// </summary>
internal sealed class GuestMemory : IHostMemory, IAskedMemory
{
    private readonly MappedFiles _files = new();

    public GuestMemory() => Map = new MemoryMap(_files);

    public MemoryMap Map { get; }

    public AskedReads Reads { get; } = new();

    /// <summary>The client of now; null: none.</summary>
    public IMemoryChannel? Channel { get; set; }

    /// <summary>The owner's time of this turn.</summary>
    public Instant Now { get; set; }

    public unsafe bool TryGetSpan(HostAddress address, int bytes, DmaRights rights, out Span<byte> span)
    {
        Check.That(bytes >= 0);
        if (!Map.TryFind(address.Value, Math.Max(bytes, 1), out var range) || !range.IsDirect || (range.Rights & rights) != rights)
        {
            span = default;
            return false;
        }

        // SAFETY: the range lies in its file's mapping, which lives until the range is unmapped: by this thread, after this call.
        span = new Span<byte>((byte*)range.Start + (address.Value - range.Address), bytes);
        return true;
    }

    public bool IsAsked(HostAddress address, int bytes, DmaRights rights) =>
        Channel is not null && Map.TryFind(address.Value, Math.Max(bytes, 1), out var range) && !range.IsDirect && (range.Rights & rights) == rights;

    public unsafe bool TryWrite(HostAddress address, ReadOnlySpan<byte> data)
    {
        Check.That(data.Length is > 0 and <= VfioUserLimits.TransferBytesMax);
        if (TryFindGuarded(address, data.Length, out var at))
        {
            // A posted write to memory that its owner has taken away is lost, as one to memory that is not there.
            _ = GuardedCopy.TryWrite(at, data);
            return true;
        }

        return Channel is not null && Channel.TrySendWrite(address.Value, data);
    }

    public unsafe bool TryBeginRead(HostAddress address, int bytes, out int ticket)
    {
        Check.That(bytes is > 0 and <= VfioUserLimits.TransferBytesMax);
        ticket = -1;
        if (TryFindGuarded(address, bytes, out var at))
        {
            return Reads.TryEndAtOnce(at, bytes, out ticket);
        }

        return Channel is not null && Reads.TryBegin(Channel, address, bytes, Now, out ticket);
    }

    public AskedRead TakeRead(int ticket, Span<byte> into) => Reads.Take(ticket, into);

    private unsafe bool TryFindGuarded(HostAddress address, int bytes, out byte* at)
    {
        // SAFETY: as in TryGetSpan; what GuardedCopy does with the address cannot fault.
        var isGuarded = Map.TryFind(address.Value, bytes, out var range) && range is { File: not null, IsDirect: false };
        at = isGuarded ? (byte*)range.Start + (address.Value - range.Address) : null;
        return isGuarded;
    }

    /// <summary>The client is gone: nothing is mapped, nothing is owed.</summary>
    public void Clear()
    {
        Channel = null;
        Map.Clear();
        Reads.FailAll();
    }
}
