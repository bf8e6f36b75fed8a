using System.Numerics;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The way of one slot's function into its host's memory (DESIGN rows 4 to 6).
/// <para>
/// A request passes if its sender is the plugged function and bus mastering is on at the function and at both ports above it, and if
/// the whole of it lies in memory that the host mapped with the rights it takes. Writes, interrupts and atomics are done as they come,
/// so that none overtakes another; reads are answered in the order they came, each completion made only when the link has room for
/// it, from memory as it is then. What may not pass ends in UR or, posted, is dropped; both are counted and reported as AER says.
/// </para>
/// </summary>
internal sealed class DmaGate(IHostAttachment host, PortErrors errors, StageClock stages)
{
    private const int RcbBytes = 64;
    private const int AnswersMin = 64;

    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private DmaAnswer[] _answers = new DmaAnswer[AnswersMin];
    private int _first;
    private int _count;

    /// <summary>Reads and atomics not fully answered.</summary>
    public int Count => _count;

    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

    /// <param name="tlp">A memory request of the slot's function.</param>
    /// <param name="occupant">Who is plugged.</param>
    /// <param name="refusal">Why nothing may pass now; null when it may.</param>
    /// <param name="counters">The slot's.</param>
    /// <param name="now">The owner's time.</param>
    public void OnRequest(in TlpView tlp, SlotOccupant occupant, string? refusal, ref SlotCounters counters, Instant now)
    {
        if (tlp.Class == TlpClass.NonPosted && _count >= HostBridgeLimits.DmaReadsPerFunctionMax)
        {
            // More than there are tags: not a device that keeps the rules.
            counters.Malformed++;
            return;
        }

        if (tlp.Requester != occupant.VfH && Broken != BrokenRule.HostRequester)
        {
            refusal ??= "DMA under another function's requester ID";
        }

        if (refusal is null && tlp.IsPoisoned && tlp.HasPayload)
        {
            errors.Report(UncorrectableError.PoisonedTlpReceived, tlp.Bytes, "poisoned DMA request", tlp.Class == TlpClass.NonPosted, now);
            Refuse(tlp, occupant, ref counters);
            return;
        }

        if (refusal is null)
        {
            var outer = stages.Enter(Stage.Attachment);
            refusal = TryExecute(tlp, occupant, ref counters);
            stages.Leave(outer);
        }

        if (refusal is not null)
        {
            errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes, refusal, tlp.Class == TlpClass.NonPosted, now);
            Refuse(tlp, occupant, ref counters);
        }
    }

    /// <summary>Sends completions while the link has room.</summary>
    /// <param name="occupant">Whose they are.</param>
    /// <param name="mayRead">False: the rest of what was asked is refused.</param>
    /// <param name="counters">The slot's.</param>
    /// <param name="budget">How many at most, so that functions on one link take turns.</param>
    /// <returns>True when any was sent.</returns>
    public bool Pump(SlotOccupant occupant, bool mayRead, ref SlotCounters counters, int budget)
    {
        var link = occupant.Box.Link;
        var sent = false;
        while (_count > 0 && budget-- > 0 && link.HasRoom(TlpClass.Completion))
        {
            ref var answer = ref _answers[_first];
            var isDone = WriteNext(ref answer, mayRead, ref counters, out var length);
            sent = link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Completion, _scratch.AsSpan(0, length));
            Check.That(sent);
            if (isDone)
            {
                _first = (_first + 1) % _answers.Length;
                _count--;
            }
        }

        return sent;
    }

    /// <summary>Forgets what is owed: the function is gone.</summary>
    public void Clear() => (_first, _count) = (0, 0);

    /// <returns>Why it may not be, or null when it is done or queued.</returns>
    private string? TryExecute(in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters)
    {
        var address = new HostAddress(tlp.FirstByteAddress);
        if (host.IsInterruptAddress(address) && Broken != BrokenRule.HostInterrupt)
        {
            return TryInterrupt(tlp, occupant, ref counters);
        }

        var rights = tlp.Kind switch
        {
            _ when Broken == BrokenRule.HostRights => DmaRights.None,
            TlpKind.MemoryRead => DmaRights.Read,
            TlpKind.MemoryWrite => DmaRights.Write,
            _ => DmaRights.ReadWrite,
        };
        // A flush (§2.2.5) touches no byte, so any mapping will do.
        if (!host.Memory.TryGetSpan(address, tlp.ByteLength, tlp.IsZeroLength ? DmaRights.None : rights, out var memory))
        {
            return Broken == BrokenRule.HostRange ? null
                : host.Memory.TryGetSpan(address, tlp.ByteLength, DmaRights.None, out _)
                ? $"DMA at {address} against the rights of its mapping"
                : $"DMA at {address} outside mapped memory";
        }

        switch (tlp.Kind)
        {
            case TlpKind.MemoryWrite:
                Write(tlp, address, memory);
                counters.DmaWrites++;
                counters.DmaWriteBytes += tlp.IsZeroLength ? 0 : tlp.ByteLength;
                break;
            case TlpKind.MemoryRead:
                Enqueue(new DmaAnswer
                {
                    Header = Completion.To(tlp, occupant.HostH, CompletionStatus.SuccessfulCompletion),
                    Read = new CompletionSplitter(tlp, MaxPayloadOf(occupant), RcbBytes),
                });
                counters.DmaReads++;
                counters.DmaReadBytes += tlp.IsZeroLength ? 0 : tlp.ByteLength;
                break;
            default:
                Enqueue(new DmaAnswer
                {
                    Header = Completion.To(tlp, occupant.HostH, CompletionStatus.SuccessfulCompletion),
                    Original = AtomicOperation.Execute(tlp, memory),
                    OriginalBytes = tlp.ByteLength,
                });
                counters.DmaAtomics++;
                break;
        }

        return null;
    }

    private int MaxPayloadOf(SlotOccupant occupant) =>
        Broken == BrokenRule.HostSplit ? TlpLimits.PayloadBytesMax : occupant.Box.Link.MaxPayloadBytes;

    // §6.1.4: an interrupt message is one aligned DW, all its bytes enabled.
    private string? TryInterrupt(in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters)
    {
        if (tlp.Kind != TlpKind.MemoryWrite || tlp.LengthDw != 1 || tlp.FirstByteEnables != 0xF)
        {
            return "access to the interrupt window that is no interrupt";
        }

        host.RaiseInterrupt(occupant.VfH, new HostAddress(tlp.Address), BitConverter.ToUInt32(tlp.Payload));
        counters.Interrupts++;
        return null;
    }

    private static void Write(in TlpView tlp, HostAddress address, Span<byte> memory)
    {
        if (tlp.IsZeroLength)
        {
            return;
        }

        var skip = (int)(address.Value - tlp.Address);
        var data = tlp.Payload.Slice(skip, memory.Length);
        // Up to two DWs may have holes (§2.2.5).
        var enables = tlp.FirstByteEnables | (tlp.LengthDw == 2 ? tlp.LastByteEnables << 4 : 0);
        if (tlp.LengthDw > 2 || BitOperations.PopCount((uint)enables) == memory.Length)
        {
            DmaCopy.ToHost(data, address, memory);
            return;
        }

        for (var i = 0; i < memory.Length; i++)
        {
            if ((enables >> (skip + i) & 1) != 0)
            {
                memory[i] = data[i];
            }
        }
    }

    private void Refuse(in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters)
    {
        if (tlp.Class == TlpClass.Posted)
        {
            counters.DmaWritesDropped++;
            return;
        }

        counters.DmaUnsupportedRequests++;
        Enqueue(new DmaAnswer { Header = Completion.To(tlp, occupant.HostH, CompletionStatus.UnsupportedRequest) });
    }

    /// <summary>Writes the next completion of an answer into the scratch buffer.</summary>
    /// <returns>True when it is the answer's last.</returns>
    private bool WriteNext(ref DmaAnswer answer, bool mayRead, ref SlotCounters counters, out int length)
    {
        if (answer.Header.Status != CompletionStatus.SuccessfulCompletion)
        {
            length = answer.Header.Write(_scratch);
            return true;
        }

        var data = _scratch.AsSpan(TlpLimits.HeaderBytesMin);
        if (answer.OriginalBytes > 0)
        {
            AtomicOperation.Write(data[..answer.OriginalBytes], answer.Original);
            length = answer.Header.Write(_scratch, data[..answer.OriginalBytes]);
            return true;
        }

        var piece = answer.Read.Next();
        var header = answer.Header with { ByteCount = piece.ByteCount, LowerAddress = piece.LowerAddress };
        data = data[..piece.PayloadBytes];
        data[..4].Clear();
        data[^4..].Clear();
        var address = new HostAddress(piece.Address);
        // Asked again, since the host may have unmapped it meanwhile.
        if (piece.Bytes > 0 && !(mayRead && TryCopy(address, data.Slice((int)(piece.Address & 3), piece.Bytes))))
        {
            counters.DmaUnsupportedRequests++;
            length = (header with { Status = CompletionStatus.UnsupportedRequest }).Write(_scratch);
            return true;
        }

        length = header.Write(_scratch, data);
        return answer.Read.IsDone;
    }

    private bool TryCopy(HostAddress address, Span<byte> into)
    {
        if (!host.Memory.TryGetSpan(address, into.Length, DmaRights.Read, out var memory))
        {
            return false;
        }

        var outer = stages.Enter(Stage.Attachment);
        DmaCopy.FromHost(address, memory, into);
        stages.Leave(outer);
        return true;
    }

    private void Enqueue(in DmaAnswer answer)
    {
        if (_count == _answers.Length)
        {
            var larger = new DmaAnswer[_answers.Length * 2];
            for (var i = 0; i < _count; i++)
            {
                larger[i] = _answers[(_first + i) % _answers.Length];
            }

            (_answers, _first) = (larger, 0);
        }

        _answers[(_first + _count) % _answers.Length] = answer;
        _count++;
    }
}
