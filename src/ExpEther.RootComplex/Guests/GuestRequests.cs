using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// A slot's reads and configuration writes, from the access to its end.
/// <para>
/// An access leaves as requests that completers accept: memory reads that cross no boundary of <see cref="GuestLimits.ReadRequestBytesMax"/>,
/// configuration requests of one register each. Requests leave in the order of their accesses, several at once, after the posted writes
/// that came before them; a configuration write leaves alone and lets nothing pass it, since what follows may depend on it. Completions
/// fill the access's data, in any order between requests and in address order within one (PCIe 5.0 §2.3.1.1); refused, poisoned or missing
/// ones leave all-ones. An access that has ended is kept until it is given to whoever asked, by <see cref="TryTakeEnded"/>.
/// </para>
/// </summary>
internal sealed class GuestRequests(Rid requester, RootComplexCounters counters)
{
    private readonly List<GuestAccess> _accesses = new(GuestLimits.AccessesPerSlotMax);
    private readonly Stack<GuestAccess> _free = new(GuestLimits.AccessesPerSlotMax);
    private readonly Queue<GuestAccess> _waiting = new(GuestLimits.AccessesPerSlotMax);
    private readonly Queue<GuestAccess> _ended = new(GuestLimits.AccessesPerSlotMax);
    private readonly GuestTags _tags = new();
    private Instant? _earliest;
    private long _bytes;
    private int _inFlight;
    private GuestAccess? _writing;

    /// <summary>Runs for each register that a configuration write has changed: register, value, byte enables.</summary>
    public Action<int, uint, int>? RegisterWritten { get; set; }

    /// <summary>The function's ID, for configuration requests.</summary>
    public Rid Target { get; set; }

    public bool HasEnded => _ended.Count > 0;

    /// <summary>When <see cref="Expire"/> may have something to do.</summary>
    public Instant? NextDeadline => _earliest;

    /// <returns>The access, for its token and data; null: too many wait.</returns>
    public GuestAccess? TryBegin(GuestAccessKind kind, ulong address, int bytes, long postedBefore, Instant deadline)
    {
        if (_bytes + bytes > GuestLimits.AccessBytesPerSlotMax || !TryGetAccess(out var access))
        {
            return null;
        }

        access.Begin(kind, address, bytes, postedBefore, deadline);
        _bytes += bytes;
        _waiting.Enqueue(access);
        _earliest = Instant.Earliest(_earliest, deadline);
        if (bytes == 0)
        {
            EndWaiting(access, ConfigStatus.Success);
        }

        return access;
    }

    /// <summary>Makes the next request.</summary>
    /// <param name="postedGone">Posted writes that have left.</param>
    /// <param name="into">Room for it.</param>
    /// <param name="length">Its length.</param>
    /// <returns>False: nothing may leave now.</returns>
    public bool TryTake(long postedGone, Span<byte> into, out int length)
    {
        length = 0;
        if (!_waiting.TryPeek(out var access) || access.PostedBefore > postedGone || _writing is not null
            || _inFlight >= GuestLimits.RequestsInFlightMax || (access.Kind == GuestAccessKind.ConfigWrite && _inFlight > 0)
            || !_tags.TryFindFree(out var tag))
        {
            return false;
        }

        length = WriteNext(access, tag, into);
        access.InFlight++;
        _inFlight++;
        _writing = access.Kind == GuestAccessKind.ConfigWrite ? access : null;
        if (access.Asked == access.Bytes)
        {
            _waiting.Dequeue();
        }

        return true;
    }

    public void OnCompletion(in TlpView completion)
    {
        if (completion.Requester != requester || !_tags.Has(completion.Tag))
        {
            counters.CompletionsUnexpected++;
            return;
        }

        ref var tag = ref _tags[completion.Tag];
        if (tag.Access is not { } access)
        {
            counters.CompletionsLate++;
            tag.IsTaken = !IsFinal(completion);
        }
        else if (completion.Status != CompletionStatus.SuccessfulCompletion)
        {
            counters.RequestsRefused++;
            tag.IsTaken = false;
            Fail(access, ref tag, StatusOf(completion.Status));
        }
        else if (access.Kind == GuestAccessKind.ConfigWrite)
        {
            tag.IsTaken = false;
            OnWritten(access, tag);
            EndRequest(access, ref tag);
        }
        else
        {
            OnData(access, ref tag, completion);
        }
    }

    /// <summary>Ends accesses past their deadline.</summary>
    /// <returns>True when any ended.</returns>
    public bool Expire(Instant now)
    {
        if (_earliest is not { } earliest || earliest > now)
        {
            return false;
        }

        var any = false;
        _earliest = null;
        foreach (var access in _accesses)
        {
            if (!access.IsUsed || access.HasEnded)
            {
                continue;
            }

            if (access.Deadline <= now)
            {
                counters.RequestsTimedOut++;
                Abandon(access, ConfigStatus.TimedOut);
                any = true;
            }
            else
            {
                _earliest = Instant.Earliest(_earliest, access.Deadline);
            }
        }

        return any;
    }

    /// <summary>Ends an access that has not left, as it was begun.</summary>
    public void EndWaiting(GuestAccess access, ConfigStatus status)
    {
        Check.That(access.Asked == 0);
        access.Status = status;
        RemoveWaiting(access);
        End(access);
    }

    /// <summary>Ends everything: the function is gone.</summary>
    public void EndAll()
    {
        foreach (var access in _accesses)
        {
            if (access.IsUsed && !access.HasEnded)
            {
                Abandon(access, ConfigStatus.UnsupportedRequest);
            }
        }

        _earliest = null;
    }

    /// <summary>The next access that has ended; to be given back by <see cref="Free"/>.</summary>
    public bool TryTakeEnded(out GuestAccess access) => _ended.TryDequeue(out access!);

    public void Free(GuestAccess access)
    {
        _bytes -= access.Bytes;
        access.Free();
        _free.Push(access);
    }

    private static ConfigStatus StatusOf(CompletionStatus status) => status switch
    {
        CompletionStatus.UnsupportedRequest => ConfigStatus.UnsupportedRequest,
        CompletionStatus.ConfigurationRequestRetry => ConfigStatus.RetryStatus,
        _ => ConfigStatus.CompleterAbort,
    };

    private static int BytesOf(in TlpView completion) => completion.Payload.Length - (completion.LowerAddress & 3);

    private static bool IsFinal(in TlpView completion) =>
        completion.Kind != TlpKind.CompletionWithData || completion.ByteCount <= BytesOf(completion);

    private bool TryGetAccess(out GuestAccess access)
    {
        if (_free.TryPop(out access!))
        {
            return true;
        }

        if (_accesses.Count == GuestLimits.AccessesPerSlotMax)
        {
            return false;
        }

        access = new GuestAccess();
        _accesses.Add(access);
        return true;
    }

    private int WriteNext(GuestAccess access, Tag tag, Span<byte> into)
    {
        var at = access.Address + (ulong)access.Asked;
        var boundary = access.Kind == GuestAccessKind.MemoryRead ? GuestLimits.ReadRequestBytesMax : 4;
        var bytes = Math.Min(access.Bytes - access.Asked, boundary - (int)(at & (ulong)(boundary - 1)));
        _tags[tag] = new GuestTag { IsTaken = true, Access = access, Start = access.Asked, Bytes = bytes };
        access.Asked += bytes;
        if (access.Kind == GuestAccessKind.MemoryRead)
        {
            return new MemoryRead(requester, tag, at, bytes).Write(into);
        }

        // Type 1: the switch's downstream port makes type 0 of it, and learns the function's ID (PCIe 5.0 §7.3.3, §2.2.6.2).
        var register = (int)at & ~3;
        return access.Kind == GuestAccessKind.ConfigRead
            ? new ConfigRead(requester, tag, Target, register, Type1: true).Write(into)
            : new ConfigWrite(requester, tag, Target, register, Type1: true, ValueOf(access, _tags[tag], out var enables), enables).Write(into);
    }

    private static uint ValueOf(GuestAccess access, in GuestTag tag, out int enables)
    {
        var skip = (int)(access.Address + (ulong)tag.Start) & 3;
        Span<byte> value = stackalloc byte[4];
        value.Clear();
        access.Data.Slice(tag.Start, tag.Bytes).CopyTo(value[skip..]);
        enables = ((1 << tag.Bytes) - 1) << skip;
        return BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    private void OnWritten(GuestAccess access, in GuestTag tag)
    {
        var value = ValueOf(access, tag, out var enables);
        RegisterWritten?.Invoke((int)(access.Address + (ulong)tag.Start) & ~3, value, enables);
    }

    private void OnData(GuestAccess access, ref GuestTag tag, in TlpView completion)
    {
        var isConfig = access.Kind == GuestAccessKind.ConfigRead;
        var at = access.Address + (ulong)(tag.Start + tag.Done);
        var bytes = isConfig ? tag.Bytes : Math.Min(BytesOf(completion), tag.Bytes - tag.Done);
        var isAnswer = completion.Kind == TlpKind.CompletionWithData && (isConfig
            ? completion.Payload.Length == 4
            : bytes > 0 && completion.ByteCount == tag.Bytes - tag.Done && completion.LowerAddress == (int)(at & 0x7F));
        if (!isAnswer)
        {
            counters.TlpsMalformed++;
            tag.IsTaken = !IsFinal(completion);
            Fail(access, ref tag, ConfigStatus.CompleterAbort);
            return;
        }

        completion.Payload.Slice((int)(at & 3), bytes).CopyTo(access.Data[(tag.Start + tag.Done)..]);
        tag.Done += bytes;
        tag.IsPoisoned |= completion.IsPoisoned;
        if (tag.Done < tag.Bytes)
        {
            return;
        }

        tag.IsTaken = false;
        if (tag.IsPoisoned)
        {
            // §2.7.2.2: what came is not to be used.
            counters.CompletionsPoisoned++;
            Fail(access, ref tag, ConfigStatus.CompleterAbort);
        }
        else
        {
            EndRequest(access, ref tag);
        }
    }

    private void Fail(GuestAccess access, ref GuestTag tag, ConfigStatus status)
    {
        access.Status = status;
        if (access.Kind != GuestAccessKind.ConfigWrite)
        {
            access.Data.Slice(tag.Start, tag.Bytes).Fill(0xFF);
        }

        EndRequest(access, ref tag);
    }

    private void EndRequest(GuestAccess access, ref GuestTag tag)
    {
        tag.Access = null;
        access.InFlight--;
        _inFlight--;
        _writing = null;
        if (access.InFlight == 0 && access.Asked == access.Bytes)
        {
            End(access);
        }
    }

    private void Abandon(GuestAccess access, ConfigStatus status)
    {
        access.Status = status;
        _tags.Abandon(access);
        _inFlight -= access.InFlight;
        access.InFlight = 0;
        _writing = _writing == access ? null : _writing;
        if (access.Asked < access.Bytes)
        {
            RemoveWaiting(access);
        }

        End(access);
    }

    private void RemoveWaiting(GuestAccess access)
    {
        for (var left = _waiting.Count; left > 0; left--)
        {
            var next = _waiting.Dequeue();
            if (next != access)
            {
                _waiting.Enqueue(next);
            }
        }
    }

    private void End(GuestAccess access)
    {
        access.HasEnded = true;
        _ended.Enqueue(access);
    }
}
