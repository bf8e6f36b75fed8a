using ExpEther.Core.Time;
using ExpEther.Linux.Memory;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.VfioUser.Memory;

/// <summary>
/// Reads that a client was asked for (DMA_READ). A ticket is free again when its reader has taken the end and the client has answered: after a
/// timeout the reader has his failure at once, and the client's late answer is swallowed.
/// <para>
/// A message's ID is the ticket and a generation, so that an answer is of this read and no other. The upper half of the IDs is
/// <see cref="PostedId"/>'s.
/// </para>
/// </summary>
internal sealed class AskedReads
{
    /// <summary>The ID of what we send and want no answer to.</summary>
    public const ushort PostedId = 0x8000;

    /// <summary>That of an interrupt message among it.</summary>
    public const ushort InterruptId = 0x8001;

    private readonly Entry[] _entries = new Entry[VfioUserLimits.AskedReadsMax];
    private int _waiting;

    /// <summary>Reads that the client still owes.</summary>
    public int Owed => _waiting;

    /// <summary>Sends a read.</summary>
    /// <returns>False: too many wait, or there is no room to send it.</returns>
    public bool TryBegin(IMemoryChannel channel, HostAddress address, int bytes, Instant now, out int ticket)
    {
        ticket = Array.FindIndex(_entries, static e => e.State == State.Free);
        if (ticket < 0)
        {
            return false;
        }

        ref var entry = ref _entries[ticket];
        var id = (ushort)(((entry.Id + VfioUserLimits.AskedReadsMax) & (PostedId - VfioUserLimits.AskedReadsMax)) | ticket);
        if (!channel.TrySendRead(id, address.Value, bytes))
        {
            return false;
        }

        entry.Id = id;
        entry.State = State.Waiting;
        entry.Address = address.Value;
        entry.Bytes = bytes;
        entry.Deadline = now + VfioUserLimits.AskedReadTimeout;
        entry.Data ??= new byte[VfioUserLimits.TransferBytesMax];
        _waiting++;
        return true;
    }

    /// <summary>Reads memory that may have gone away, without asking: the data are there at once, or the read has failed.</summary>
    /// <returns>False: too many reads are not taken yet.</returns>
    public unsafe bool TryEndAtOnce(byte* from, int bytes, out int ticket)
    {
        ticket = Array.FindIndex(_entries, static e => e.State == State.Free);
        if (ticket < 0)
        {
            return false;
        }

        ref var entry = ref _entries[ticket];
        entry.Bytes = bytes;
        entry.Data ??= new byte[VfioUserLimits.TransferBytesMax];
        entry.State = GuardedCopy.TryRead(from, entry.Data.AsSpan(0, bytes)) ? State.Done : State.Failed;
        return true;
    }

    public AskedRead Take(int ticket, Span<byte> into)
    {
        Check.That((uint)ticket < (uint)_entries.Length);
        ref var entry = ref _entries[ticket];
        Check.That(entry.State is State.Waiting or State.Done or State.Failed or State.TimedOut);
        switch (entry.State)
        {
            case State.Waiting:
                return AskedRead.Waiting;
            case State.Done:
                Check.That(into.Length == entry.Bytes);
                entry.Data.AsSpan(0, entry.Bytes).CopyTo(into);
                entry.State = State.Free;
                return AskedRead.Done;
            case State.TimedOut:
                entry.State = State.Abandoned;
                return AskedRead.Failed;
            default:
                entry.State = State.Free;
                return AskedRead.Failed;
        }
    }

    /// <summary>The client's answer.</summary>
    /// <param name="id">As sent.</param>
    /// <param name="address">As it repeats it.</param>
    /// <param name="data">What it gives; ignored with <paramref name="isError"/>.</param>
    /// <param name="isError">It refuses.</param>
    /// <returns>False: nothing of that kind was asked.</returns>
    public bool TryEnd(ushort id, ulong address, ReadOnlySpan<byte> data, bool isError)
    {
        ref var entry = ref _entries[id % VfioUserLimits.AskedReadsMax];
        var isOwed = entry.State is State.Waiting or State.TimedOut or State.Abandoned;
        if (!isOwed || entry.Id != id || (!isError && (address != entry.Address || data.Length != entry.Bytes)))
        {
            return false;
        }

        entry.State = entry.State switch
        {
            State.Abandoned => State.Free,
            State.TimedOut => State.Failed,
            _ => isError ? State.Failed : State.Done,
        };
        if (entry.State == State.Done)
        {
            data.CopyTo(entry.Data);
        }

        _waiting--;
        return true;
    }

    /// <summary>Fails what the client has not answered in time.</summary>
    /// <returns>True when there was any.</returns>
    public bool Expire(Instant now)
    {
        if (_waiting == 0)
        {
            return false;
        }

        var any = false;
        foreach (ref var entry in _entries.AsSpan())
        {
            if (entry.State == State.Waiting && entry.Deadline <= now)
            {
                entry.State = State.TimedOut;
                any = true;
            }
        }

        return any;
    }

    public Instant? NextDeadline
    {
        get
        {
            Instant? next = null;
            if (_waiting > 0)
            {
                foreach (ref readonly var entry in _entries.AsSpan())
                {
                    next = entry.State == State.Waiting ? Instant.Earliest(next, entry.Deadline) : next;
                }
            }

            return next;
        }
    }

    /// <summary>The client is gone: what it owes has failed.</summary>
    public void FailAll()
    {
        foreach (ref var entry in _entries.AsSpan())
        {
            entry.State = entry.State switch
            {
                State.Waiting or State.TimedOut => State.Failed,
                State.Abandoned => State.Free,
                _ => entry.State,
            };
        }

        _waiting = 0;
    }

    private enum State : byte
    {
        Free,
        Waiting,
        Done,
        Failed,

        /// <summary>Failed for its reader, who has not looked yet; still owed by the client.</summary>
        TimedOut,

        /// <summary>Its reader knows; still owed by the client.</summary>
        Abandoned,
    }

    private struct Entry
    {
        public State State;
        public ushort Id;
        public ulong Address;
        public int Bytes;
        public Instant Deadline;
        public byte[]? Data;
    }
}
