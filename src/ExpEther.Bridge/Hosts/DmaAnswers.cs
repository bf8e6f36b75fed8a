using ExpEther.Core.Stages;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// What a host owes one function for its reads and atomics, in the order in which they came. Each completion is made only when the link has
/// room for it, from memory as it is then; where the host must be asked for the data, it waits for them, and those behind it too.
/// </summary>
internal sealed class DmaAnswers(StageClock stages)
{
    private const int RcbBytes = 64;
    private const int AnswersMin = 64;

    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private DmaAnswer[] _answers = new DmaAnswer[AnswersMin];
    private int _first;
    private int _toAsk;
    private AskedReads? _reads;

    /// <summary>Reads and atomics not fully answered.</summary>
    public int Count { get; private set; }

    /// <summary>Nothing is owed, and nothing that was asked for is left to be taken.</summary>
    public bool IsIdle => Count == 0 && _reads is not { HasAbandoned: true };

    public void Refuse(in TlpView request, SlotOccupant occupant) =>
        Enqueue(new DmaAnswer { Header = Completion.To(request, occupant.HostH, CompletionStatus.UnsupportedRequest) });

    /// <param name="atomic">That was done.</param>
    /// <param name="occupant">Whose it is.</param>
    /// <param name="original">What was there before.</param>
    public void AddAtomic(in TlpView atomic, SlotOccupant occupant, ulong original) => Enqueue(new DmaAnswer
    {
        Header = Completion.To(atomic, occupant.HostH, CompletionStatus.SuccessfulCompletion),
        Original = original,
        OriginalBytes = atomic.ByteLength,
    });

    /// <param name="read">A read that may be done.</param>
    /// <param name="occupant">Whose it is.</param>
    /// <param name="maxPayloadBytes">Of its completions.</param>
    /// <param name="asked">The memory to ask; null: it is mapped.</param>
    public void AddRead(in TlpView read, SlotOccupant occupant, int maxPayloadBytes, IAskedMemory? asked)
    {
        // A flush (§2.2.5) reads nothing.
        var isAsked = asked is not null && !read.IsZeroLength;
        Enqueue(new DmaAnswer
        {
            Header = Completion.To(read, occupant.HostH, CompletionStatus.SuccessfulCompletion),
            Read = new CompletionSplitter(read, maxPayloadBytes, RcbBytes),
            Step = isAsked ? AskedStep.ToAsk : AskedStep.Mapped,
            Address = read.FirstByteAddress,
            Bytes = read.ByteLength,
        });
        if (isAsked)
        {
            _reads ??= new AskedReads(asked!);
            _toAsk++;
            Ask();
        }
    }

    /// <summary>Sends completions while the link has room.</summary>
    /// <param name="occupant">Whose they are; null: nobody's any more.</param>
    /// <param name="memory">Null: the rest of what was asked is refused.</param>
    /// <param name="counters">The slot's.</param>
    /// <returns>True when any was sent.</returns>
    public bool Send(SlotOccupant? occupant, IHostMemory? memory, ref SlotCounters counters)
    {
        _reads?.DropAbandoned();
        if (occupant is null)
        {
            return false;
        }

        Ask();
        var link = occupant.Box.Link;
        var sent = false;
        // Functions on one link take turns.
        var budget = HostBridgeLimits.CompletionsPerTurn;
        while (Count > 0 && budget-- > 0 && link.HasRoom(TlpClass.Completion))
        {
            ref var answer = ref _answers[_first];
            if (!IsReady(ref answer, memory is not null))
            {
                break;
            }

            var isDone = WriteNext(ref answer, memory, ref counters, out var length);
            sent = link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Completion, _scratch.AsSpan(0, length));
            Check.That(sent);
            if (isDone)
            {
                _first = (_first + 1) % _answers.Length;
                Count--;
            }
        }

        return sent;
    }

    /// <summary>Forgets what is owed: the function is gone.</summary>
    public void Clear()
    {
        for (var i = 0; _reads is not null && i < Count; i++)
        {
            _reads.Abandon(ref _answers[(_first + i) % _answers.Length]);
        }

        (_first, Count, _toAsk) = (0, 0, 0);
    }

    /// <summary>Asks for what is to be asked for, oldest first, as far as the host has room.</summary>
    private void Ask()
    {
        for (var i = 0; _toAsk > 0 && i < Count; i++)
        {
            ref var answer = ref _answers[(_first + i) % _answers.Length];
            if (answer.Step != AskedStep.ToAsk)
            {
                continue;
            }

            if (!_reads!.TryAsk(ref answer))
            {
                return;
            }

            _toAsk--;
        }
    }

    private bool IsReady(ref DmaAnswer answer, bool mayRead)
    {
        if (answer.Step is AskedStep.Mapped or AskedStep.Failed)
        {
            return true;
        }

        if (!mayRead)
        {
            _toAsk -= answer.Step == AskedStep.ToAsk ? 1 : 0;
            _reads!.Abandon(ref answer);
            return true;
        }

        return _reads!.TryTake(ref answer);
    }

    /// <summary>Writes the next completion of an answer into the scratch buffer.</summary>
    /// <returns>True when it is the answer's last.</returns>
    private bool WriteNext(ref DmaAnswer answer, IHostMemory? memory, ref SlotCounters counters, out int length)
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
        if (piece.Bytes > 0 && !TryCopy(answer, memory, piece.Address, data.Slice((int)(piece.Address & 3), piece.Bytes)))
        {
            counters.DmaUnsupportedRequests++;
            length = (header with { Status = CompletionStatus.UnsupportedRequest }).Write(_scratch);
            return true;
        }

        length = header.Write(_scratch, data);
        return answer.Read.IsDone;
    }

    private bool TryCopy(in DmaAnswer answer, IHostMemory? memory, ulong address, Span<byte> into)
    {
        switch (answer.Step)
        {
            case AskedStep.Here:
                _reads!.CopyTo(into, answer, address);
                return true;
            // Looked up again, since the host may have unmapped it meanwhile.
            case AskedStep.Mapped when memory is not null && memory.TryGetSpan(new HostAddress(address), into.Length, DmaRights.Read, out var span):
                var outer = stages.Enter(Stage.Attachment);
                DmaCopy.FromHost(new HostAddress(address), span, into);
                stages.Leave(outer);
                return true;
            default:
                return false;
        }
    }

    private void Enqueue(in DmaAnswer answer)
    {
        if (Count == _answers.Length)
        {
            var larger = new DmaAnswer[_answers.Length * 2];
            for (var i = 0; i < Count; i++)
            {
                larger[i] = _answers[(_first + i) % _answers.Length];
            }

            (_answers, _first) = (larger, 0);
        }

        _answers[(_first + Count) % _answers.Length] = answer;
        Count++;
    }
}
