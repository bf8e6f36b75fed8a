using ExpEther.Core.Time;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Dma;
using ExpEther.RootComplex.Errors;

namespace ExpEther.RootComplex;

/// <summary>
/// The TLPs of a root complex: what comes from below is sorted to whom it is for, what goes down leaves in the order of PCIe 5.0 §2.4.1:
/// posted writes first, then completions, then non-posted requests, so that nothing ever passes an earlier posted write.
/// </summary>
internal sealed class RootComplexTraffic(
    HostServices host, DmaCompleter dma, ErrorCollector errors, IBusMasterRules rules, RootComplexCounters counters)
{
    public Instant? NextDeadline => host.Interrupts.HasPending ? host.Scheduler.Now : host.Requests.NextDeadline;

    /// <summary>Runs interrupt handlers and ends requests that are past their timeout.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        var expired = host.Requests.Expire(now);
        return host.Interrupts.Dispatch() || expired;
    }

    /// <summary>Takes a TLP, whatever it is.</summary>
    public void Accept(ReadOnlySpan<byte> tlp)
    {
        if (TlpView.TryParse(tlp, out var view) != TlpError.None || !view.HasValidEcrc)
        {
            if (!dma.TryRefuse(tlp))
            {
                counters.TlpsMalformed++;
            }

            return;
        }

        switch (view.Kind)
        {
            case TlpKind.MemoryWrite:
                dma.OnWrite(view, rules.MayMaster(view.Requester));
                break;
            case TlpKind.MemoryRead:
                dma.OnRead(view, rules.MayMaster(view.Requester), rules.MaxPayloadBytesOf(view.Requester));
                break;
            case TlpKind.Completion or TlpKind.CompletionWithData:
                host.Requests.OnCompletion(view);
                break;
            case TlpKind.Message or TlpKind.MessageWithData:
                errors.OnMessage(view);
                break;
            default:
                dma.Refuse(view);
                break;
        }
    }

    public bool TryTake(Span<byte> into, out int length) =>
        host.Posted.TryTake(into, out length) || dma.TryTake(into, out length) || host.Requests.TryTake(into, out length);
}
