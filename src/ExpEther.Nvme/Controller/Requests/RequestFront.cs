using System.Buffers.Binary;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Requests;

/// <summary>
/// The device as a completer: configuration and BAR accesses come in, completions go out.
/// <para>
/// Theory: every request is taken at once. Register reads of up to 8 bytes are answered with what the register held then; longer ones
/// are read when their completions are made. Nothing here waits for a queue, a backend or the host's memory. Answers leave in order, before
/// writes that were not yet made: those have not been issued yet, so no completion overtakes a posted request.
/// </para>
/// </summary>
internal sealed class RequestFront(EndpointConfig config, IBarTarget bar, ErrorReporter errors, NvmeControllerCounters counters)
{
    private readonly PendingAnswer[] _answers = new PendingAnswer[ControllerLimits.AnswersMax];
    private readonly byte[] _payload = new byte[TlpLimits.PayloadBytesMax];
    private int _head;
    private int _count;

    public void Clear()
    {
        _head = 0;
        _count = 0;
    }

    /// <summary>Takes anything but a completion.</summary>
    public void Accept(in TlpView tlp)
    {
        switch (tlp.Kind)
        {
            case TlpKind.MemoryRead:
                AcceptRead(tlp);
                break;
            case TlpKind.MemoryWrite:
                AcceptWrite(tlp);
                break;
            case TlpKind.ConfigRead0:
                Answer(tlp, config.Read(tlp.ConfigRegister));
                break;
            case TlpKind.ConfigWrite0:
                AcceptConfigWrite(tlp);
                break;
            case TlpKind.Message or TlpKind.MessageWithData:
                AcceptMessage(tlp);
                break;
            default:
                // Type 1 configuration requests and atomics: not for an endpoint without AtomicOp support (§2.3.1).
                Refuse(tlp);
                break;
        }
    }

    /// <summary>Answers a request of a kind that no endpoint serves.</summary>
    /// <returns>False: it is no whole request.</returns>
    public bool TryRefuse(ReadOnlySpan<byte> tlp)
    {
        if (!Completion.TryRefuse(tlp, config.Rid, out var answer))
        {
            return false;
        }

        counters.UnsupportedRequests++;
        errors.Report(UncorrectableError.UnsupportedRequest, tlp, advisory: true);
        Add(answer);
        return true;
    }

    public bool TryTake(Span<byte> into, out int length)
    {
        length = 0;
        if (_count == 0)
        {
            return false;
        }

        ref var answer = ref _answers[_head];
        switch (answer.Kind)
        {
            case PendingAnswerKind.NoData:
                length = answer.Completion.Write(into);
                break;
            case PendingAnswerKind.Value:
                BinaryPrimitives.WriteUInt64LittleEndian(_payload, answer.Value);
                length = answer.Completion.Write(into, _payload.AsSpan(0, answer.ValueBytes));
                break;
            default:
                length = WritePiece(ref answer, into);
                if (!answer.Splitter.IsDone)
                {
                    return true;
                }

                break;
        }

        _head = (_head + 1) & (ControllerLimits.AnswersMax - 1);
        _count--;
        return true;
    }

    private void AcceptRead(in TlpView tlp)
    {
        if (tlp.IsPoisoned || !config.TryMatchBar(tlp.Address, tlp.LengthDw * 4, out var index, out var offset) || index != BarLayout.Bar)
        {
            Refuse(tlp);
            return;
        }

        var completion = Completion.To(tlp, config.Rid, CompletionStatus.SuccessfulCompletion);
        if (tlp.LengthDw > 2)
        {
            Add(new PendingAnswer
            {
                Completion = completion,
                Kind = PendingAnswerKind.BarRead,
                Splitter = new CompletionSplitter(tlp, config.MaxPayloadBytes, config.ReadCompletionBoundaryBytes),
                BarAddress = tlp.Address - offset,
            });
            return;
        }

        ulong value = tlp.IsZeroLength ? 0 : bar.ReadBar((int)offset);
        if (tlp.LengthDw == 2)
        {
            value |= (ulong)bar.ReadBar((int)offset + 4) << 32;
        }

        // A payload that crosses the read completion boundary may still be one completion: it is within Max_Payload_Size (§2.3.1.1).
        Add(new PendingAnswer { Completion = completion, Kind = PendingAnswerKind.Value, Value = value, ValueBytes = tlp.LengthDw * 4 });
    }

    private int WritePiece(ref PendingAnswer answer, Span<byte> into)
    {
        var piece = answer.Splitter.Next();
        var data = _payload.AsSpan(0, piece.PayloadBytes);
        var offset = (int)(piece.PayloadAddress - answer.BarAddress);
        for (var i = 0; i < data.Length; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(data[i..], bar.ReadBar(offset + i));
        }

        var completion = answer.Completion with { ByteCount = piece.ByteCount, LowerAddress = piece.LowerAddress };
        return completion.Write(into, data);
    }

    private void AcceptWrite(in TlpView tlp)
    {
        if (tlp.IsPoisoned)
        {
            // §2.7.2.2: a poisoned write to a control register must not change it.
            counters.PoisonedTlps++;
            errors.Report(UncorrectableError.PoisonedTlpReceived, tlp.Bytes);
            return;
        }

        var payload = tlp.Payload;
        if (!config.TryMatchBar(tlp.Address, payload.Length, out var index, out var offset) || index != BarLayout.Bar)
        {
            counters.UnsupportedRequests++;
            errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes);
            return;
        }

        for (var i = 0; i < payload.Length; i += 4)
        {
            var enables = i == 0 ? tlp.FirstByteEnables : i + 4 == payload.Length ? tlp.LastByteEnables : 0xF;
            if (enables != 0)
            {
                bar.WriteBar((int)offset + i, BinaryPrimitives.ReadUInt32LittleEndian(payload[i..]), enables);
            }
        }
    }

    private void AcceptConfigWrite(in TlpView tlp)
    {
        if (tlp.IsPoisoned)
        {
            // §2.7.2.2: completed with UR, nothing written.
            counters.PoisonedTlps++;
            errors.Report(UncorrectableError.PoisonedTlpReceived, tlp.Bytes, advisory: true);
            Add(Completion.To(tlp, config.Rid, CompletionStatus.UnsupportedRequest));
            return;
        }

        config.CaptureRid(tlp.ConfigTarget);
        Add(Completion.To(tlp, config.Rid, CompletionStatus.SuccessfulCompletion));
        config.Write(tlp.ConfigRegister, tlp.ConfigValue, tlp.FirstByteEnables);
        if (config.FlrRequested)
        {
            bar.OnFunctionLevelReset();
        }
    }

    private void AcceptMessage(in TlpView tlp)
    {
        // §2.2.8.6: a vendor-defined message of type 1 that is not known is discarded silently, one of type 0 is an Unsupported Request.
        if (tlp.MessageCode == MessageCode.VendorDefinedType0)
        {
            counters.UnsupportedRequests++;
            errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes);
        }
    }

    private void Refuse(in TlpView tlp)
    {
        counters.UnsupportedRequests++;
        errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes, advisory: true);
        Add(Completion.To(tlp, config.Rid, CompletionStatus.UnsupportedRequest));
    }

    private void Answer(in TlpView tlp, uint value) => Add(new PendingAnswer
    {
        Completion = Completion.To(tlp, config.Rid, CompletionStatus.SuccessfulCompletion),
        Kind = PendingAnswerKind.Value,
        Value = value,
        ValueBytes = 4,
    });

    private void Add(in Completion completion) => Add(new PendingAnswer { Completion = completion, Kind = PendingAnswerKind.NoData });

    private void Add(in PendingAnswer answer)
    {
        if (_count == ControllerLimits.AnswersMax)
        {
            counters.RequestsDropped++;
            return;
        }

        _answers[(_head + _count) & (ControllerLimits.AnswersMax - 1)] = answer;
        _count++;
    }
}
