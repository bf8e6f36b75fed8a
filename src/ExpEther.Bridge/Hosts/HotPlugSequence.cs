using ExpEther.Core.Time;
using ExpEther.Pcie.Config;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// What happens in one slot, as its registers show it to the host (PCIe 5.0 §6.7).
/// <para>
/// Empty → <b>Insert</b> → presence → Off → the host turns power on → data link active → On → <b>PressAttention</b> → Releasing → the
/// host turns power off → data link inactive, presence gone → Empty. Each change that the host asked to hear of is an interrupt.
/// A host that powers a slot off unasked has given the function back: it is as if the card were pulled after that.
/// <b>Remove</b>, from any state, is the surprise removal: link and presence go at once.
/// </para>
/// <para>
/// A slot that was emptied is filled again only after the host saw it empty: it has cleared the events and turned power off, or does not
/// listen, or took longer than <see cref="HostBridgeLimits.RemovalNoticeSecondsMax"/>; and never within
/// <see cref="HostBridgeLimits.EmptyMillisecondsMin"/>, in which Linux's pciehp forgets what happens at a slot that it powered off.
/// Until then the next occupant is Waiting. The button is not pressed twice: a second press cancels the first.
/// </para>
/// </summary>
internal sealed class HotPlugSequence(BridgePortConfig port)
{
    private const int SlotControlOffset = 0x18;
    private const uint HotPlugInterruptEnable = 1 << 5;
    private const uint PresenceOrLinkChanged = (1 << 3 | 1 << 8) << 16;

    private readonly SlotRegisters _registers = port.Slot!;
    private SlotOccupant? _next;
    private Instant _emptySince = new(long.MinValue / 2);
    private bool _wasFilled;

    public SlotState State { get; private set; } = SlotState.Empty;

    /// <summary>What is in the slot now.</summary>
    public SlotOccupant? Occupant { get; private set; }

    /// <summary>What is in it, or is to come.</summary>
    public SlotOccupant? OccupantOrNext => Occupant ?? _next;

    /// <summary>True while TLPs pass: powered, data link active.</summary>
    public bool IsReachable => State is SlotState.On or SlotState.Releasing;

    public Instant? NextDeadline => State != SlotState.Waiting ? null
        : _emptySince + TimeSpan.FromMilliseconds(HostBridgeLimits.EmptyMillisecondsMin) is var soonest && _lastLook < soonest ? soonest
        : _emptySince + TimeSpan.FromSeconds(HostBridgeLimits.RemovalNoticeSecondsMax);

    private Instant _lastLook;

    /// <summary>Puts a function in. What was there before must have been removed.</summary>
    public void Insert(SlotOccupant occupant, Instant now)
    {
        Check.That(OccupantOrNext is null);
        _next = occupant;
        State = SlotState.Waiting;
        Poll(now);
    }

    /// <summary>Surprise removal. Harmless on an empty slot.</summary>
    public void Remove(Instant now)
    {
        _next = null;
        State = SlotState.Empty;
        if (Occupant is not null)
        {
            Empty(now);
        }
    }

    /// <summary>The function in the slot goes on under another assignment; the host sees nothing of it.</summary>
    public void Continue(SlotOccupant next)
    {
        Check.That(Occupant is not null);
        Occupant = next;
    }

    /// <summary>Asks the host to let go.</summary>
    /// <returns>The occupant, if nobody need be asked because the slot has no power.</returns>
    public SlotOccupant? PressAttention(Instant now)
    {
        switch (State)
        {
            case SlotState.On:
                State = SlotState.Releasing;
                _registers.PressAttentionButton();
                return null;
            case SlotState.Off or SlotState.Waiting:
                var occupant = OccupantOrNext;
                Remove(now);
                return occupant;
            default:
                return null;
        }
    }

    /// <summary>To be called after each of the host's writes to the port's registers.</summary>
    /// <returns>The occupant that the host has just let go of, or null.</returns>
    public SlotOccupant? OnRegistersWritten(Instant now)
    {
        if (_registers.PowerOn || !IsReachable)
        {
            FollowPower();
            return null;
        }

        var letGo = Occupant;
        Empty(now);
        return letGo;
    }

    /// <summary>Fills the slot once it may be filled.</summary>
    /// <returns>True when it did.</returns>
    public bool Poll(Instant now)
    {
        _lastLook = now;
        if (State != SlotState.Waiting || (_wasFilled && !WasSeenEmpty(now)))
        {
            return false;
        }

        Occupant = _next;
        _next = null;
        _wasFilled = true;
        State = SlotState.Off;
        _registers.SetPresence(true);
        FollowPower();
        return true;
    }

    private bool WasSeenEmpty(Instant now)
    {
        if (now < _emptySince + TimeSpan.FromMilliseconds(HostBridgeLimits.EmptyMillisecondsMin))
        {
            return false;
        }

        var controlAndStatus = port.Read(port.PcieOffset + SlotControlOffset);
        var isHeard = (controlAndStatus & HotPlugInterruptEnable) == 0 || ((controlAndStatus & PresenceOrLinkChanged) == 0 && !_registers.PowerOn);
        return isHeard || now >= _emptySince + TimeSpan.FromSeconds(HostBridgeLimits.RemovalNoticeSecondsMax);
    }

    private void FollowPower()
    {
        if (State == SlotState.Off && _registers.PowerOn)
        {
            State = SlotState.On;
            _registers.SetDataLinkActive(true);
        }
    }

    private void Empty(Instant now)
    {
        Occupant = null;
        State = SlotState.Empty;
        _emptySince = now;
        _registers.SetDataLinkActive(false);
        _registers.SetPresence(false);
    }
}
