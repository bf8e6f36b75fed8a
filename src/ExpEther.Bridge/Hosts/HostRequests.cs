using ExpEther.Bridge.Hosts.Resuming;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The host's outstanding non-posted requests to one slot, by requester ID and tag. Each ends: by the function's completions, or as
/// unsupported (all ones to a reader) at the completion timeout or when the slot loses its function. After a timeout the tag stays
/// taken until the late completion has come, which is swallowed (PCIe 5.0 §2.8); a request that reuses it before is refused.
/// </summary>
internal sealed class HostRequests(TimeSpan completionTimeout)
{
    private readonly OutstandingRequests<HostRequest> _outstanding = new(HostBridgeLimits.HostRequestsMax);

    /// <summary>For requests that begin from now on.</summary>
    public TimeSpan CompletionTimeout { get; set; } = completionTimeout;

    public int Count => _outstanding.Count;

    public Instant? NextDeadline => _outstanding.NextDeadline;

    /// <param name="request">Of the host.</param>
    /// <param name="sent">As it goes to the function.</param>
    /// <param name="completer">The function.</param>
    /// <param name="turnsBusMasterOff">It writes the Command register so.</param>
    /// <param name="answers">Where its completions go.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: the tag is not free yet, or the table is full.</returns>
    public bool TryBegin(in TlpView request, ReadOnlySpan<byte> sent, Rid completer, bool turnsBusMasterOff, UpwardQueue answers, Instant now)
    {
        var entry = new HostRequest
        {
            Answers = answers,
            Refusal = Completion.To(request, completer, CompletionStatus.UnsupportedRequest),
            IsMemoryRead = request.Kind == TlpKind.MemoryRead,
            DataBytes = request.IsAtomic ? request.ByteLength : request.Kind is TlpKind.ConfigRead0 or TlpKind.ConfigRead1 ? 4 : 0,
            TurnsBusMasterOff = turnsBusMasterOff,
        };
        entry.Sent.Set(sent);
        return _outstanding.TryAdd(request.Requester, request.Tag, entry, now + CompletionTimeout);
    }

    /// <summary>Takes a request back that could not be sent.</summary>
    public void Forget(in TlpView request) => _outstanding.TryRemove(request.Requester, request.Tag, out _);

    /// <summary>Passes the function's completion to the root complex if a request waits for it.</summary>
    /// <param name="completion">From the box.</param>
    /// <param name="busMasterIsOff">True when it ended a write that turned bus mastering off.</param>
    /// <returns>False: nothing waited for it, it does not continue where the last one ended, or is no answer to such a request; it is dropped.</returns>
    public bool TryComplete(in TlpView completion, out bool busMasterIsOff)
    {
        busMasterIsOff = false;
        var (requester, tag) = (completion.Requester, completion.Tag);
        switch (_outstanding.StateOf(requester, tag))
        {
            case OutstandingState.Quarantined:
                if (IsFinal(completion))
                {
                    _outstanding.TryRemove(requester, tag, out _);
                }

                return false;
            case OutstandingState.None:
                return false;
        }

        _outstanding.TryGet(requester, tag, out var entry);
        if (completion.Status == CompletionStatus.SuccessfulCompletion && !Answers(completion, entry))
        {
            return false;
        }

        if (!IsFinal(completion))
        {
            var bytes = BytesOf(completion);
            entry.Refusal = entry.Refusal with
            {
                ByteCount = entry.Refusal.ByteCount - bytes,
                LowerAddress = (entry.Refusal.LowerAddress + bytes) & 0x7F,
            };
            entry.Sent = default;
            _outstanding.TryUpdate(requester, tag, entry);
        }
        else
        {
            _outstanding.TryRemove(requester, tag, out _);
            busMasterIsOff = entry.TurnsBusMasterOff && completion.Status == CompletionStatus.SuccessfulCompletion;
        }

        entry.Answers.Pass(completion.Bytes);
        return true;
    }

    /// <summary>
    /// The box is away: what is outstanding waits in <paramref name="hold"/> and is sent again when the function is back, as if it had never been sent, because
    /// a function that was reset has nothing left of what it may have done. Late completions cannot come any more. What the function has answered in part ends.
    /// </summary>
    /// <returns>How many requests were ended.</returns>
    public int KeepIn(SlotHold hold)
    {
        _outstanding.ReleaseQuarantined();
        var ended = 0;
        for (var cursor = 0; _outstanding.TryNextLive(ref cursor, out var requester, out var tag, out var entry);)
        {
            if (entry.Sent.Span.IsEmpty || !hold.TryKeep(entry.Sent.Span))
            {
                _outstanding.TryRemove(requester, tag, out _);
                entry.Answers.Complete(entry.Refusal);
                ended++;
            }
        }

        return ended;
    }

    /// <summary>A request that has begun and is only sent now: is it waited for? If its time is over its tag is free, since no late completion comes.</summary>
    public bool TryKeepWaiting(in TlpView request)
    {
        var isLive = _outstanding.StateOf(request.Requester, request.Tag) == OutstandingState.Live;
        if (!isLive)
        {
            _outstanding.TryRemove(request.Requester, request.Tag, out _);
        }

        return isLive;
    }

    /// <summary>Ends one that could not be sent after all.</summary>
    public void End(in TlpView request)
    {
        if (_outstanding.TryRemove(request.Requester, request.Tag, out var entry))
        {
            entry.Answers.Complete(entry.Refusal);
        }
    }

    /// <summary>Ends what is past its deadline.</summary>
    /// <returns>How many requests.</returns>
    public int Expire(Instant now)
    {
        var ended = 0;
        while (_outstanding.TryExpire(now, out _, out _, out var entry))
        {
            entry.Answers.Complete(entry.Refusal);
            ended++;
        }

        return ended;
    }

    /// <summary>Ends everything: the function is gone, and what it may still answer carries a generation that nobody listens to.</summary>
    /// <returns>How many requests were ended.</returns>
    public int EndAll()
    {
        var ended = 0;
        while (_outstanding.TryTakeLive(out _, out _, out var entry))
        {
            entry.Answers.Complete(entry.Refusal);
            ended++;
        }

        _outstanding.Clear();
        return ended;
    }

    /// <summary>Data as much as was asked for, and none where none was: whoever copies it out relies on that (PCIe 5.0 §2.3.2).</summary>
    private static bool Answers(in TlpView completion, in HostRequest request) =>
        completion.Kind != TlpKind.CompletionWithData ? !request.IsMemoryRead && request.DataBytes == 0
        : request.IsMemoryRead ? completion.ByteCount == request.Refusal.ByteCount
        : request.DataBytes > 0 && completion.ByteCount == request.DataBytes && completion.Payload.Length == request.DataBytes;

    private static bool IsFinal(in TlpView completion) =>
        completion.Kind != TlpKind.CompletionWithData || completion.ByteCount <= BytesOf(completion);

    // PCIe 5.0 §2.3.1.1: the payload starts with the DW that holds the Lower Address.
    private static int BytesOf(in TlpView completion) => completion.Payload.Length - (completion.LowerAddress & 3);
}
