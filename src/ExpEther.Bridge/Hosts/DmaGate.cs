using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
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
/// <para>
/// A host may have memory that is not mapped here and must be asked for (<see cref="IAskedMemory"/>). A write that the host has no room for is
/// kept, and everything after it too, since nothing of a function passes its own earlier write; the link is not held up, so what is
/// kept has a bound, past which it is refused or dropped. Completions of the host's requests do pass what is kept: a processor that waits
/// for one may hold what the host needs to take the write. Reads are asked for as they come, and their answers wait for the data.
/// </para>
/// </summary>
internal sealed class DmaGate(IHostAttachment host, int slot, PortErrors errors, StageClock stages)
{
    private readonly DmaAnswers _answers = new(stages);
    private IHostMemory? _memory;
    private IAskedMemory? _asked;
    private TlpQueue? _kept;
    private byte[] _keptTlp = [];

    /// <summary>Nothing is kept, nothing waits to be answered.</summary>
    public bool IsIdle => _answers.IsIdle && !HasKept;

    private bool HasKept => _kept is { Count: > 0 };

    private IHostMemory Memory
    {
        get
        {
            if (_memory is null)
            {
                _memory = host.MemoryOf(slot);
                _asked = _memory as IAskedMemory;
            }

            return _memory;
        }
    }

    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

    /// <param name="tlp">A memory request of the slot's function.</param>
    /// <param name="occupant">Who is plugged.</param>
    /// <param name="refusal">Why nothing may pass now; null when it may.</param>
    /// <param name="counters">The slot's.</param>
    /// <param name="now">The owner's time.</param>
    public void OnRequest(in TlpView tlp, SlotOccupant occupant, string? refusal, ref SlotCounters counters, Instant now)
    {
        if (tlp.Class == TlpClass.NonPosted && _answers.Count >= HostBridgeLimits.DmaReadsPerFunctionMax)
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

        var mustWait = HasKept;
        if (refusal is null && !mustWait)
        {
            var outer = stages.Enter(Stage.Attachment);
            refusal = TryExecute(tlp, occupant, ref counters, out mustWait);
            stages.Leave(outer);
        }

        if (refusal is null && mustWait && !TryKeep(tlp))
        {
            refusal = "DMA to memory that the host does not take in time";
        }

        if (refusal is not null)
        {
            Refuse(tlp, occupant, refusal, ref counters, now);
        }
    }

    /// <summary>Executes what was kept as far as the host has room, and sends completions while the link has.</summary>
    /// <param name="occupant">Whose they are; null: nobody's any more.</param>
    /// <param name="mayRead">False: the rest of what was asked is refused.</param>
    /// <param name="counters">The slot's.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>True when any was sent.</returns>
    public bool Pump(SlotOccupant? occupant, bool mayRead, ref SlotCounters counters, Instant now)
    {
        if (occupant is not null && HasKept)
        {
            ExecuteKept(occupant, ref counters, now);
        }

        return _answers.Send(occupant, mayRead ? Memory : null, ref counters);
    }

    /// <summary>Forgets what is owed: the function is gone.</summary>
    public void Clear()
    {
        _answers.Clear();
        _kept?.Clear();
    }

    private bool TryKeep(in TlpView tlp)
    {
        if (_kept is null)
        {
            _kept = new TlpQueue(HostBridgeLimits.KeptDmaBytesMax);
            _keptTlp = new byte[TlpLimits.BytesMax];
        }

        return _kept.TryEnqueue(tlp.Bytes);
    }

    private void ExecuteKept(SlotOccupant occupant, ref SlotCounters counters, Instant now)
    {
        while (_answers.Count < HostBridgeLimits.DmaReadsPerFunctionMax && _kept!.TryPeek(_keptTlp, out var length))
        {
            Check.That(TlpView.TryParse(_keptTlp.AsSpan(0, length), out var tlp) == TlpError.None);
            var refusal = TryExecute(tlp, occupant, ref counters, out var mustWait);
            if (refusal is null && mustWait)
            {
                return;
            }

            if (refusal is not null)
            {
                Refuse(tlp, occupant, refusal, ref counters, now);
            }

            _kept.Drop();
        }
    }

    /// <param name="tlp">A request that may pass.</param>
    /// <param name="occupant">Whose it is.</param>
    /// <param name="counters">The slot's.</param>
    /// <param name="mustWait">It is a write that the host has no room for now.</param>
    /// <returns>Why it may not be, or null when it is done, queued or must wait.</returns>
    private string? TryExecute(in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters, out bool mustWait)
    {
        mustWait = false;
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
        if (!Memory.TryGetSpan(address, tlp.ByteLength, tlp.IsZeroLength ? DmaRights.None : rights, out var memory))
        {
            if (_asked is { } asked && asked.IsAsked(address, tlp.ByteLength, rights))
            {
                return TryExecuteAsked(asked, tlp, occupant, ref counters, out mustWait);
            }

            return Broken == BrokenRule.HostRange ? null
                : Memory.TryGetSpan(address, tlp.ByteLength, DmaRights.None, out _)
                ? $"DMA at {address} against the rights of its mapping"
                : $"DMA at {address} outside mapped memory";
        }

        switch (tlp.Kind)
        {
            case TlpKind.MemoryWrite:
                DmaWrite.ToMapped(tlp, memory);
                CountWrite(tlp, ref counters);
                break;
            case TlpKind.MemoryRead:
                AddRead(tlp, occupant, null, ref counters);
                break;
            case TlpKind.CompareAndSwap when tlp.ByteLength > AtomicOperation.OperandBytesMax:
                return "compare-and-swap of 16 bytes";
            default:
                _answers.AddAtomic(tlp, occupant, AtomicOperation.Execute(tlp, memory));
                counters.DmaAtomics++;
                break;
        }

        return null;
    }

    private string? TryExecuteAsked(IAskedMemory asked, in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters, out bool mustWait)
    {
        mustWait = false;
        switch (tlp.Kind)
        {
            case TlpKind.MemoryWrite:
                mustWait = !tlp.IsZeroLength && !DmaWrite.TryToAsked(tlp, asked);
                if (!mustWait)
                {
                    CountWrite(tlp, ref counters);
                }

                return null;
            case TlpKind.MemoryRead:
                AddRead(tlp, occupant, asked, ref counters);
                return null;
            default:
                return "atomic on memory that the host must be asked for";
        }
    }

    private static void CountWrite(in TlpView tlp, ref SlotCounters counters)
    {
        counters.DmaWrites++;
        counters.DmaWriteBytes += tlp.IsZeroLength ? 0 : tlp.ByteLength;
    }

    private void AddRead(in TlpView tlp, SlotOccupant occupant, IAskedMemory? asked, ref SlotCounters counters)
    {
        _answers.AddRead(tlp, occupant, Broken == BrokenRule.HostSplit ? TlpLimits.PayloadBytesMax : occupant.Box.Link.MaxPayloadBytes, asked);
        counters.DmaReads++;
        counters.DmaReadBytes += tlp.IsZeroLength ? 0 : tlp.ByteLength;
    }

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

    private void Refuse(in TlpView tlp, SlotOccupant occupant, string why, ref SlotCounters counters, Instant now)
    {
        errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes, why, tlp.Class == TlpClass.NonPosted, now);
        Refuse(tlp, occupant, ref counters);
    }

    private void Refuse(in TlpView tlp, SlotOccupant occupant, ref SlotCounters counters)
    {
        if (tlp.Class == TlpClass.Posted)
        {
            counters.DmaWritesDropped++;
            return;
        }

        counters.DmaUnsupportedRequests++;
        _answers.Refuse(tlp, occupant);
    }
}
