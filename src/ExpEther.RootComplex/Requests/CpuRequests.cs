using System.Buffers.Binary;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Requests;

/// <summary>
/// The CPU's non-posted requests: they wait for a tag, leave in order, and end by their completion or at the completion timeout.
/// <para>
/// A request that timed out gives its caller all-ones, but its tag stays taken until the completion comes after all (PCIe 5.0 §2.8 leaves
/// it open; a tag used again too early would take the old answer for the new). If every tag is lost that way, requests end at
/// their timeout without having left.
/// </para>
/// </summary>
internal sealed class CpuRequests(Rid requester, TimeSpan timeout, OwnerScheduler scheduler, RootComplexCounters counters)
{
    private readonly OutstandingRequests<Waiter> _outstanding = new(RootComplexLimits.RequestTagsMax);
    private readonly Queue<Waiter> _waiting = new();
    private ushort _nextTag;

    /// <summary>For requests that begin from now on. One that waits for a tag behind requests with a longer one may end as late as they.</summary>
    public TimeSpan Timeout { get; set; } = timeout;

    public Instant? NextDeadline => Instant.Earliest(
        _outstanding.NextDeadline, _waiting.TryPeek(out var first) ? first.Deadline : null);

    /// <summary>Queues a request. The caller runs on the owner's scheduler.</summary>
    public ValueTask<RequestEnd> SendAsync(in CpuRequest request)
    {
        if (_waiting.Count >= RootComplexLimits.RequestsWaitingMax)
        {
            counters.RequestsTimedOut++;
            return ValueTask.FromResult(RequestEnd.NoAnswer);
        }

        var done = new TaskCompletionSource<RequestEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(new Waiter(request, done, scheduler.Now + Timeout));
        return new ValueTask<RequestEnd>(done.Task);
    }

    public bool TryTake(Span<byte> into, out int length)
    {
        length = 0;
        if (!_waiting.TryPeek(out var next) || !TryFindTag(out var tag))
        {
            return false;
        }

        _waiting.Dequeue();
        Check.That(_outstanding.TryAdd(requester, tag, next, next.Deadline));
        length = next.Request.Write(requester, tag, into);
        return true;
    }

    public void OnCompletion(in TlpView completion)
    {
        var state = completion.Requester == requester ? _outstanding.StateOf(requester, completion.Tag) : OutstandingState.None;
        if (state == OutstandingState.None)
        {
            counters.CompletionsUnexpected++;
            return;
        }

        if (!_outstanding.TryRemove(requester, completion.Tag, out var waiter))
        {
            counters.CompletionsLate++;
            return;
        }

        waiter.Done.TrySetResult(EndOf(waiter.Request, completion));
    }

    /// <summary>Ends requests past their deadline.</summary>
    public bool Expire(Instant now)
    {
        var any = false;
        while (_outstanding.TryExpire(now, out _, out _, out var waiter))
        {
            End(waiter);
            any = true;
        }

        // All requests have the same timeout, but for those around a change of it, so they wait in order of their deadlines.
        while (_waiting.TryPeek(out var first) && first.Deadline <= now)
        {
            End(_waiting.Dequeue());
            any = true;
        }

        return any;
    }

    private RequestEnd EndOf(in CpuRequest request, in TlpView completion)
    {
        if (completion.Status != CompletionStatus.SuccessfulCompletion)
        {
            counters.RequestsRefused++;
            return new RequestEnd(false, completion.Status, ulong.MaxValue);
        }

        if (request.Kind == RequestKind.ConfigWrite)
        {
            return new RequestEnd(false, CompletionStatus.SuccessfulCompletion, 0);
        }

        // Naturally aligned reads of 4 or 8 bytes lie within one read completion boundary: one completion holds them whole (§2.3.1.1).
        if (completion.Payload.Length != request.Bytes || completion.IsPoisoned)
        {
            counters.TlpsMalformed++;
            return RequestEnd.NoAnswer;
        }

        var value = request.Bytes == 8
            ? BinaryPrimitives.ReadUInt64LittleEndian(completion.Payload)
            : BinaryPrimitives.ReadUInt32LittleEndian(completion.Payload);
        return new RequestEnd(false, CompletionStatus.SuccessfulCompletion, value);
    }

    private void End(in Waiter waiter)
    {
        counters.RequestsTimedOut++;
        waiter.Done.TrySetResult(RequestEnd.NoAnswer);
    }

    private bool TryFindTag(out Tag tag)
    {
        for (var tries = 0; tries < RootComplexLimits.RequestTagsMax; tries++)
        {
            tag = new Tag(_nextTag);
            _nextTag = (ushort)((_nextTag + 1) % RootComplexLimits.RequestTagsMax);
            if (_outstanding.StateOf(requester, tag) == OutstandingState.None)
            {
                return true;
            }
        }

        tag = default;
        return false;
    }

    private readonly record struct Waiter(CpuRequest Request, TaskCompletionSource<RequestEnd> Done, Instant Deadline);
}
