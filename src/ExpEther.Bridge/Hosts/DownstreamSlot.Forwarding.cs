using ExpEther.Bridge.Io.Traffic;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <content>Requests of the host on their way to the function.</content>
internal sealed partial class DownstreamSlot
{
    /// <summary>Sends a request or message of the host to the function. Only while <see cref="IsReachable"/>.</summary>
    /// <param name="tlp">What the switch has routed here, or the host has given to this very slot.</param>
    /// <param name="answers">Where its completions go.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: posted, and the link has no room now.</returns>
    public bool TryForward(in TlpView tlp, UpwardQueue answers, Instant now)
    {
        var occupant = Occupant!;
        if (tlp.Class == TlpClass.Posted)
        {
            occupant.Shadow?.OnMemoryWrite(tlp);
            if (_hold.IsActive)
            {
                _counters.HostRequestsUnanswered++;
                return true;
            }

            return TryForwardPosted(tlp, occupant, now);
        }

        ForwardNonPosted(tlp, occupant, answers, now);
        return true;
    }

    /// <summary>In pieces that fit the link. When it has no room for the next one, the caller offers the same TLP again.</summary>
    private bool TryForwardPosted(in TlpView tlp, SlotOccupant occupant, Instant now)
    {
        var link = occupant.Box.Link;
        if (tlp.IsMessage && tlp.Payload.Length > link.MaxPayloadBytes)
        {
            // A message cannot be cut (PCIe 5.0 §2.2.8).
            _counters.Malformed++;
            _errors.Report(UncorrectableError.MalformedTlp, tlp.Bytes, "message above the link's payload size", false, now);
            return true;
        }

        var offset = _postedOffset;
        bool isLast;
        do
        {
            isLast = TlpPieces.Next(tlp, link.MaxPayloadBytes, ref offset, _scratch, out var piece);
            if (!link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Posted, piece))
            {
                return false;
            }

            _postedOffset = offset;
        }
        while (!isLast);
        _postedOffset = 0;
        _counters.HostRequests++;
        return true;
    }

    private void ForwardNonPosted(in TlpView tlp, SlotOccupant occupant, UpwardQueue answers, Instant now)
    {
        var turnsOff = false;
        if (tlp.IsConfig)
        {
            turnsOff = LearnFromConfig(tlp, occupant);
        }

        Learn(occupant, tlp.IsConfig && tlp.Kind is TlpKind.ConfigWrite1 ? tlp.ConfigTarget : occupant.VfH, tlp.Requester);
        var bytes = tlp.Bytes;
        if (tlp.IsConfig)
        {
            var type1 = Broken == BrokenRule.HostConfigType;
            bytes = _scratch.AsSpan(0, TlpRewriter.WithTarget(tlp, tlp.Requester, tlp.ConfigTarget, type1, _scratch));
        }

        _counters.HostRequests++;
        if (!_requests.TryBegin(tlp, bytes, occupant.VfH, turnsOff, answers, now))
        {
            _counters.HostRequestsUnanswered++;
            answers.Complete(Completion.To(tlp, occupant.VfH, CompletionStatus.UnsupportedRequest));
        }
        else if (_hold.IsActive
            ? !_hold.TryKeep(bytes)
            : !occupant.Box.Link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.NonPosted, bytes))
        {
            _counters.HostRequestsUnanswered++;
            _requests.Forget(tlp);
            answers.Complete(Completion.To(tlp, occupant.VfH, CompletionStatus.UnsupportedRequest));
        }
    }

    /// <summary>
    /// Bus mastering counts as on as soon as it is asked for, and as on until the write that turns it off is done: until then the function
    /// may have sent.
    /// </summary>
    /// <returns>True when the write turns it off.</returns>
    private static bool LearnFromConfig(in TlpView tlp, SlotOccupant occupant)
    {
        if (tlp.Kind == TlpKind.ConfigWrite1)
        {
            occupant.Shadow?.OnConfigWrite(tlp);
        }

        if (tlp.Kind != TlpKind.ConfigWrite1 || tlp.ConfigRegister != CommandRegister || (tlp.FirstByteEnables & BusMasterByte) == 0)
        {
            return false;
        }

        if ((tlp.ConfigValue & BusMasterEnable) == 0)
        {
            return true;
        }

        occupant.BusMasterEnable = true;
        return false;
    }

    private void Learn(SlotOccupant occupant, Rid vfH, Rid hostH)
    {
        if ((occupant.VfH == vfH && occupant.HostH == hostH) || Broken == BrokenRule.HostCapture)
        {
            return;
        }

        occupant.VfH = vfH;
        occupant.HostH = hostH;
        if (!IsHeld && (occupant.IsShown || !_isPlugTold))
        {
            occupant.Box.SendPlugged(occupant, Number);
        }
    }
}
