using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Requests;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Memory reads of the device: tags, reassembly, timeouts.
/// <para>
/// Theory: a tag is Free, Live, Abandoned or Lost. Live: its completions are checked against what is still owed (PCIe 5.0 §2.3.2) and copied
/// to their place; completions of one request come in address order, of different requests in any order. A controller reset abandons live
/// reads: their completions are swallowed. A read whose timeout passes (§2.8) fails and its tag is Lost: a late completion must not land in a
/// new read, so the tag stays unused until that completion comes or a function level reset. That one ends every read: what is on its way is
/// swallowed for the 100 ms that software leaves the function alone (§6.6.2), then all tags are free. Its completions may never come, since
/// the host that owed them may be dead, and the next host must not pay for that.
/// Free tags are used in turn, oldest first, which keeps a tag unused as long as possible. All reads have the same timeout,
/// so the list in order of issue is also in order of deadline.
/// </para>
/// </summary>
internal sealed class DmaReader
{
    private readonly DmaRead[] _reads = new DmaRead[ControllerLimits.TagsMax];
    private readonly SlotRing _free = new(ControllerLimits.TagsOf5Bits);
    private readonly SlotRing _freeExtended = new(ControllerLimits.TagsMax - ControllerLimits.TagsOf5Bits);
    private readonly EndpointConfig _config;
    private readonly IDmaReadOwner _owner;
    private readonly ErrorReporter _errors;
    private readonly NvmeControllerCounters _counters;
    private readonly TimeSpan _timeout;
    private short _oldest = -1;
    private short _newest = -1;

    public DmaReader(
        EndpointConfig config, IDmaReadOwner owner, ErrorReporter errors, NvmeControllerCounters counters, TimeSpan timeout)
    {
        _config = config;
        _owner = owner;
        _errors = errors;
        _counters = counters;
        _timeout = timeout;
        for (var tag = 0; tag < ControllerLimits.TagsMax; tag++)
        {
            Push(tag);
        }
    }

    /// <summary>Tags that may be used now: without Extended Tag Field Enable only those of 5 bits (PCIe 5.0 §2.2.6.2).</summary>
    public int FreeTags => _free.Count + (_config.Pcie.ExtendedTagEnabled ? _freeExtended.Count : 0);

    public int LostTags { get; private set; }

    public Instant? NextDeadline => _oldest < 0 ? null : _reads[_oldest].Deadline;

    /// <summary>The most that one read may ask for from an address: Max_Read_Request_Size, and no crossing of 4 KB.</summary>
    public int RoomAt(ulong address) =>
        Math.Min(_config.MaxReadRequestBytes, TlpLimits.RequestBoundaryBytes - (int)(address & (TlpLimits.RequestBoundaryBytes - 1)));

    /// <summary>Makes a read request. There must be a free tag; address and bytes are multiples of 4.</summary>
    /// <returns>The TLP's length.</returns>
    public int Issue(DmaPurpose purpose, int owner, int destination, ulong address, int bytes, Instant now, Span<byte> into)
    {
        Check.That(((address | (uint)bytes) & 3) == 0 && bytes > 0);
        var tag = (short)(_config.Pcie.ExtendedTagEnabled && _freeExtended.Count > 0 ? _freeExtended.Pop() : _free.Pop());
        ref var read = ref _reads[tag];
        Check.That(read.State == TagState.Free);
        read = new DmaRead
        {
            State = TagState.Live,
            Purpose = purpose,
            Requester = _config.Rid,
            Owner = owner,
            Destination = destination,
            Address = address,
            Remaining = bytes,
            Deadline = now + _timeout,
        };
        Append(tag);
        return new MemoryRead(read.Requester, new Tag((ushort)tag), address, bytes).Write(into);
    }

    /// <summary>A completion has come.</summary>
    public void OnCompletion(in TlpView tlp, Instant now)
    {
        var tag = tlp.Tag.Value;
        if (tag >= ControllerLimits.TagsMax || _reads[tag].State == TagState.Free || _reads[tag].Requester != tlp.Requester)
        {
            _counters.UnexpectedCompletions++;
            _errors.Report(UncorrectableError.UnexpectedCompletion, tlp.Bytes, advisory: true);
            return;
        }

        ref var read = ref _reads[tag];
        if (read.State != TagState.Live)
        {
            _counters.StaleCompletions++;
            if (tlp.Kind == TlpKind.Completion || tlp.ByteCount <= tlp.Payload.Length)
            {
                Release((short)tag);
            }

            return;
        }

        if (tlp.Kind == TlpKind.Completion)
        {
            // §2.3.2: UR, CA, or a retry status that only a configuration request may get. Success without data fits no read.
            End((short)tag, false, now);
            return;
        }

        if (!Fits(read, tlp))
        {
            _counters.MalformedTlps++;
            _errors.Report(UncorrectableError.MalformedTlp, tlp.Bytes);
            Abandon((short)tag);
            NotifyFailure(read, now);
            return;
        }

        var bytes = tlp.Payload.Length;
        if (tlp.IsPoisoned)
        {
            _counters.PoisonedTlps++;
            _errors.Report(UncorrectableError.PoisonedTlpReceived, tlp.Bytes);
            read.Failed = true;
        }
        else
        {
            tlp.Payload.CopyTo(_owner.Destination(read.Purpose, read.Owner, read.Destination, bytes));
        }

        read.Destination += bytes;
        read.Address += (ulong)bytes;
        read.Remaining -= bytes;
        if (read.Remaining == 0)
        {
            End((short)tag, !read.Failed, now);
        }
    }

    /// <summary>Fails reads whose time is over.</summary>
    /// <returns>True when there was one.</returns>
    public bool Expire(Instant now)
    {
        var any = false;
        while (_oldest >= 0 && _reads[_oldest].Deadline <= now)
        {
            var tag = _oldest;
            ref var read = ref _reads[tag];
            if (read.IsGivenUp)
            {
                Release(tag);
                continue;
            }

            var wasLive = read.State == TagState.Live;
            Unlink(tag);
            read.State = TagState.Lost;
            LostTags++;
            any = true;
            _counters.DmaReadTimeouts++;
            _errors.Report(UncorrectableError.CompletionTimeout, default);
            if (wasLive)
            {
                NotifyFailure(read, now);
            }
        }

        return any;
    }

    /// <summary>Nobody waits any more for reads of this purpose and owner.</summary>
    public void Abandon(DmaPurpose purpose, int owner)
    {
        for (var tag = _oldest; tag >= 0; tag = _reads[tag].Next)
        {
            if (_reads[tag].State == TagState.Live && _reads[tag].Purpose == purpose && _reads[tag].Owner == owner)
            {
                Abandon(tag);
            }
        }
    }

    /// <summary>A controller reset: nobody waits any more for anything.</summary>
    public void AbandonAll()
    {
        for (var tag = _oldest; tag >= 0; tag = _reads[tag].Next)
        {
            _reads[tag].State = TagState.Abandoned;
        }
    }

    /// <summary>A function level reset: what was lost is given up, what is on its way is swallowed for a short time and then given up too.</summary>
    public void FunctionReset(Instant now)
    {
        for (var tag = _oldest; tag >= 0; tag = _reads[tag].Next)
        {
            ref var read = ref _reads[tag];
            read.State = TagState.Abandoned;
            read.IsGivenUp = true;
            read.Deadline = now + ControllerLimits.FunctionResetTime;
        }

        for (short tag = 0; tag < ControllerLimits.TagsMax; tag++)
        {
            if (_reads[tag].State == TagState.Lost)
            {
                Release(tag);
            }
        }
    }

    /// <summary>Power-on: nothing is on its way.</summary>
    public void PowerOn()
    {
        AbandonAll();
        for (short tag = 0; tag < ControllerLimits.TagsMax; tag++)
        {
            if (_reads[tag].State != TagState.Free)
            {
                Release(tag);
            }
        }
    }

    private static bool Fits(in DmaRead read, in TlpView tlp)
    {
        var bytes = tlp.Payload.Length;
        return tlp.ByteCount == read.Remaining && bytes <= read.Remaining && tlp.LowerAddress == (int)(read.Address & 0x7F);
    }

    private void Abandon(short tag) => _reads[tag].State = TagState.Abandoned;

    private void End(short tag, bool ok, Instant now)
    {
        var read = _reads[tag];
        Release(tag);
        if (ok)
        {
            _owner.OnReadEnded(read.Purpose, read.Owner, true, now);
        }
        else
        {
            NotifyFailure(read, now);
        }
    }

    private void NotifyFailure(in DmaRead read, Instant now)
    {
        _counters.DmaReadErrors++;
        _owner.OnReadEnded(read.Purpose, read.Owner, false, now);
    }

    private void Release(short tag)
    {
        ref var read = ref _reads[tag];
        if (read.State == TagState.Lost)
        {
            LostTags--;
        }
        else
        {
            Unlink(tag);
        }

        read.State = TagState.Free;
        Push(tag);
    }

    private void Push(int tag) => (tag < ControllerLimits.TagsOf5Bits ? _free : _freeExtended).Push(tag);

    private void Append(short tag)
    {
        _reads[tag].Previous = _newest;
        _reads[tag].Next = -1;
        if (_newest >= 0)
        {
            _reads[_newest].Next = tag;
        }
        else
        {
            _oldest = tag;
            _config.Pcie.SetTransactionsPending(true);
        }

        _newest = tag;
    }

    private void Unlink(short tag)
    {
        var previous = _reads[tag].Previous;
        var next = _reads[tag].Next;
        if (previous >= 0)
        {
            _reads[previous].Next = next;
        }
        else
        {
            _oldest = next;
        }

        if (next >= 0)
        {
            _reads[next].Previous = previous;
        }
        else
        {
            _newest = previous;
        }

        if (_oldest < 0)
        {
            _config.Pcie.SetTransactionsPending(false);
        }
    }
}
