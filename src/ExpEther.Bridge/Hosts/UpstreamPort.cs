using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The upper side of the logical switch: one Type 1 function below the host's root port. It answers configuration requests of type 0
/// itself, converts those of type 1 for the bus inside the switch, and routes the rest to the downstream port that claims it
/// (PCIe 5.0 §7.3.3, §1.3.3). What nobody claims is unsupported.
/// </summary>
internal sealed class UpstreamPort
{
    private readonly DownstreamSlot[] _slots;
    private readonly UpwardQueue _upward;
    private readonly PortErrors _errors;

    public UpstreamPort(BridgePortConfig config, DownstreamSlot[] slots, UpwardQueue upward, PortErrors errors)
    {
        Config = config;
        _slots = slots;
        _upward = upward;
        _errors = errors;
    }

    public BridgePortConfig Config { get; }

    /// <summary>Requests that no port claimed.</summary>
    public long Unclaimed { get; private set; }

    /// <summary>Takes a request or message of the root complex.</summary>
    /// <returns>False: posted, and no room for it now.</returns>
    public bool TryAccept(in TlpView tlp, Instant now)
    {
        switch (tlp.Kind)
        {
            case TlpKind.ConfigRead0 or TlpKind.ConfigWrite0:
                AcceptType0(tlp, now);
                return true;
            case TlpKind.ConfigRead1 or TlpKind.ConfigWrite1:
                return TryAcceptType1(tlp, now);
            case TlpKind.Message or TlpKind.MessageWithData:
                return TryAcceptMessage(tlp, now);
            default:
                return TryAcceptMemory(tlp, now);
        }
    }

    /// <summary>Answers a request of a kind that no port carries.</summary>
    /// <returns>False: it is no whole request.</returns>
    public bool TryRefuse(ReadOnlySpan<byte> tlp)
    {
        if (!Completion.TryRefuse(tlp, Config.Rid, out var answer))
        {
            return false;
        }

        Unclaimed++;
        _upward.Complete(answer);
        return true;
    }

    private void AcceptType0(in TlpView tlp, Instant now)
    {
        if (tlp.ConfigTarget.DeviceFunction != 0)
        {
            Refuse(tlp, now);
            return;
        }

        PortConfigSpace.Answer(Config, tlp, _upward);
    }

    private bool TryAcceptType1(in TlpView tlp, Instant now)
    {
        var target = tlp.ConfigTarget;
        if (Config.ContainsBus(target.Bus))
        {
            if (target.Bus == Config.SecondaryBus)
            {
                if (target.Function == 0 && target.Device < _slots.Length)
                {
                    _slots[target.Device].AcceptPortConfig(tlp, now);
                    return true;
                }
            }
            else
            {
                foreach (var slot in _slots)
                {
                    // A function has no bus behind it, and is the only one of its slot: device and function 0.
                    if (slot.Config.SecondaryBus == target.Bus && slot.Config.ContainsBus(target.Bus) && target.DeviceFunction == 0)
                    {
                        return TryForward(slot, tlp, now);
                    }
                }
            }
        }

        Refuse(tlp, now);
        return true;
    }

    private bool TryAcceptMemory(in TlpView tlp, Instant now)
    {
        var bytes = tlp.LengthDw * 4;
        if (Config.MemorySpaceEnable && Config.TryMatchMemory(tlp.Address, bytes))
        {
            foreach (var slot in _slots)
            {
                if (slot.Config.MemorySpaceEnable && slot.Config.TryMatchMemory(tlp.Address, bytes))
                {
                    return TryForward(slot, tlp, now);
                }
            }
        }

        Refuse(tlp, now);
        return true;
    }

    private bool TryAcceptMessage(in TlpView tlp, Instant now)
    {
        switch (tlp.MessageRouting)
        {
            case MessageRouting.BroadcastFromRootComplex:
                foreach (var slot in _slots)
                {
                    if (!slot.HasRoomForPosted)
                    {
                        return false;
                    }
                }

                foreach (var slot in _slots)
                {
                    if (slot.IsReachable)
                    {
                        slot.TryForward(tlp, _upward, now);
                    }
                }

                return true;
            case MessageRouting.ById:
                var target = new Pcie.Rid((ushort)(tlp.Bytes[8] << 8 | tlp.Bytes[9]));
                foreach (var slot in _slots)
                {
                    if (slot.Config.SecondaryBus == target.Bus && slot.Config.ContainsBus(target.Bus))
                    {
                        return TryForward(slot, tlp, now);
                    }
                }

                Refuse(tlp, now);
                return true;
            default:
                // Local messages (slot power limit and the like) end here.
                return true;
        }
    }

    private bool TryForward(DownstreamSlot slot, in TlpView tlp, Instant now)
    {
        if (slot.IsReachable)
        {
            return slot.TryForward(tlp, _upward, now);
        }

        Refuse(tlp, now);
        return true;
    }

    private void Refuse(in TlpView tlp, Instant now)
    {
        Unclaimed++;
        if (tlp.Class == TlpClass.NonPosted)
        {
            _upward.Complete(Completion.To(tlp, Config.Rid, CompletionStatus.UnsupportedRequest));
            return;
        }

        _errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes, "posted request that no port claims", advisory: false, now);
    }
}
