using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>
/// Drives one hot-plug slot as an operating system does (PCIe 5.0 §6.7; the states are those of Linux's pciehp).
/// <code>
///            button                    5 s                    link up, functions found
///   Off ───────────────► BlinkingOn ────────► PoweringOn ──────────────────────────────► On
///    ▲ ▲ └─ presence or link appears ──────────────▲ │ no link, nobody answers            │ ▲
///    │ └────────────────── PoweringOff ◄─────────────┘                                    │ │ button again
///    │                       ▲    ▲  ▲            5 s                          button     ▼ │
///    │ power off, 1 s        │    │  └────────────────────── BlinkingOff ◄────────────────┘ │
///    └───────────────────────┘    └── presence or link drops (surprise) ── On, BlinkingOff ─┘
/// </code>
/// <para>
/// Two sequences run. The <b>service</b> (<see cref="SlotPort"/>), started by the port's interrupt, only reads, clears and notes events; a drop of presence
/// or link it tells the functions at once, so that their drivers stop waiting. The <b>worker</b> then acts on the noted events one
/// after the other, however long that takes; events that come meanwhile wait for its next round. After each change it looks at presence
/// and link as they are now, not at how they were, so that events in any order end in the state that fits.
/// </para>
/// <para>
/// Timers: attention delay (5 s; a second press within it cancels), a second for the link to come up, 100 ms from there to the first
/// configuration request (§6.6.1), a second per command, a second between power off and the next power on.
/// </para>
/// </summary>
internal sealed class SlotController
{
    private readonly PciNode _node;
    private readonly PortServices _host;
    private readonly ISlotFunctions _functions;
    private readonly SlotPort _port;
    private ushort _events;
    private bool _delayEnded;
    private int _delay;
    private bool _working;
    private bool _linkExpected;
    private int _changes;

    public SlotController(PciNode node, PortServices host, ISlotFunctions functions, TimeSpan attentionDelay)
    {
        _node = node;
        _host = host;
        _functions = functions;
        AttentionDelay = attentionDelay;
        _port = new SlotPort(node, host);
    }

    public Rid Port => _node.Rid;

    public SlotState State { get; private set; }

    /// <summary>Of the next press of the button.</summary>
    public TimeSpan AttentionDelay { get; set; }

    public void OnInterrupt() => _port.RequestService();

    /// <summary>Takes over the slot as enumeration found it: what already runs stays on, what is present and off is powered on.</summary>
    public async Task StartAsync()
    {
        await _port.StartAsync();
        _port.Serviced += OnServiced;
        if (_node.Children.Count > 0 && _port is { IsPresent: true, IsLinkActive: true })
        {
            State = SlotState.On;
            await IndicateAsync(SlotCommand.PowerIndicatorOn);
        }
        else
        {
            await _functions.RemoveAsync(_node, true);
            if (!_port.IsPresent && _port.IsPowered)
            {
                await PowerAsync(false, SlotCommand.PowerIndicatorOff);
            }
        }

        // What changed while this ran was not seen as an event yet.
        OnServiced(0);
        if (State == SlotState.Off && _port.IsPresent)
        {
            Note(PcieRegister.SlotStatusPresenceDetectChanged);
        }
    }

    private void OnServiced(ushort events)
    {
        const ushort Changes = PcieRegister.SlotStatusPresenceDetectChanged | PcieRegister.SlotStatusDataLinkStateChanged;
        var dropped = !_port.IsPresent || !_port.IsLinkActive;
        _changes += (events & Changes) != 0 ? 1 : 0;
        if (dropped || (!_linkExpected && (events & Changes) != 0))
        {
            // Even if both are back already: what was below the link was reset meanwhile.
            _functions.MarkGone(_node);
        }

        if (dropped && State is SlotState.On or SlotState.BlinkingOff)
        {
            events |= PcieRegister.SlotStatusPresenceDetectChanged;
        }

        Note((ushort)(events & ~PcieRegister.SlotStatusCommandCompleted));
    }

    private void Note(ushort events)
    {
        _events |= events;
        if ((_events != 0 || _delayEnded) && !_working)
        {
            _working = true;
            _host.Scheduler.Start(WorkAsync);
        }
    }

    private async Task WorkAsync()
    {
        while (_events != 0 || _delayEnded)
        {
            var events = _events;
            var delayEnded = _delayEnded;
            _events = 0;
            _delayEnded = false;
            if ((events & PcieRegister.SlotStatusPowerFault) != 0)
            {
                Report(EventSeverity.Error, "power fault");
                await _port.CommandAsync(PcieRegister.SlotControlAttentionIndicatorMask, SlotCommand.AttentionOn);
            }

            if ((events & PcieRegister.SlotStatusAttentionButtonPressed) != 0)
            {
                await OnButtonAsync();
            }

            if ((events & (PcieRegister.SlotStatusPresenceDetectChanged | PcieRegister.SlotStatusDataLinkStateChanged)) != 0)
            {
                await OnChangeAsync();
            }

            if (delayEnded)
            {
                await OnDelayEndedAsync();
            }
        }

        _working = false;
    }

    private async Task OnButtonAsync()
    {
        switch (State)
        {
            case SlotState.On:
                State = SlotState.BlinkingOff;
                Report(EventSeverity.Information, $"attention button: powers off in {AttentionDelay.TotalSeconds:0.###} s");
                StartDelay();
                await IndicateAsync(SlotCommand.PowerIndicatorBlink);
                break;
            case SlotState.Off:
                State = SlotState.BlinkingOn;
                Report(EventSeverity.Information, $"attention button: powers on in {AttentionDelay.TotalSeconds:0.###} s");
                StartDelay();
                await IndicateAsync(SlotCommand.PowerIndicatorBlink);
                break;
            case SlotState.BlinkingOff:
                CancelDelay();
                State = SlotState.On;
                Report(EventSeverity.Information, "attention button again: stays on");
                await IndicateAsync(SlotCommand.PowerIndicatorOn);
                break;
            case SlotState.BlinkingOn:
                CancelDelay();
                State = SlotState.Off;
                Report(EventSeverity.Information, "attention button again: stays off");
                await IndicateAsync(SlotCommand.PowerIndicatorOff);
                break;
            default:
                break; // the worker is never between states here
        }
    }

    private async Task OnDelayEndedAsync()
    {
        if (State == SlotState.BlinkingOff)
        {
            await DisableAsync(false);
            // Only a card that came while the slot powered off is taken into use; the one that was let go stays off.
            if ((_events & PcieRegister.SlotStatusPresenceDetectChanged) == 0)
            {
                _events &= unchecked((ushort)~PcieRegister.SlotStatusDataLinkStateChanged);
            }
        }
        else if (State == SlotState.BlinkingOn)
        {
            await EnableIfPresentAsync();
        }
    }

    private async Task OnChangeAsync()
    {
        if (State is SlotState.On or SlotState.BlinkingOff)
        {
            CancelDelay();
            Report(EventSeverity.Warning, _port.IsPresent ? "link down" : "card removed");
            await DisableAsync(true);
            _events &= unchecked((ushort)~PcieRegister.SlotStatusDataLinkStateChanged);
        }

        await EnableIfPresentAsync();
    }

    private async Task EnableIfPresentAsync()
    {
        CancelDelay();
        if (!_port.IsPresent)
        {
            if (State == SlotState.BlinkingOn)
            {
                State = SlotState.Off;
                await IndicateAsync(SlotCommand.PowerIndicatorOff);
            }

            return;
        }

        State = SlotState.PoweringOn;
        // A press before this was about the card that was here before, or asks for what is being done.
        _events &= unchecked((ushort)~PcieRegister.SlotStatusAttentionButtonPressed);
        _linkExpected = true;
        string? refusal = null;
        await PowerAsync(true, SlotCommand.PowerIndicatorBlink);
        if (await _port.WaitUntilAsync(() => _port.IsLinkActive || !_port.IsPresent, RootComplexLimits.LinkUpTimeout) && _port.IsLinkActive)
        {
            // This link-up is the one that was waited for; a later change is another and handled after this.
            _events &= unchecked((ushort)~(PcieRegister.SlotStatusDataLinkStateChanged | PcieRegister.SlotStatusPresenceDetectChanged));
            _linkExpected = false;
            _changes = 0;
            await _host.Scheduler.Delay(RootComplexLimits.ResetSettleTime);
            if (_port is { IsLinkActive: true, IsPresent: true })
            {
                refusal = await _functions.AddAsync(_node);
                if (refusal is null)
                {
                    State = SlotState.On;
                    await IndicateAsync(SlotCommand.PowerIndicatorOn);
                    NoteIfDropped();
                    return;
                }
            }
        }

        var changed = _changes > 0 && !_linkExpected;
        _linkExpected = false;
        if (_port.IsPresent && !changed)
        {
            Report(EventSeverity.Error, _port.IsLinkActive ? refusal ?? "link up too late" : "the link does not come up");
        }

        await DisableAsync(true);
        await _port.CommandAsync(PcieRegister.SlotControlAttentionIndicatorMask, _port.IsPresent ? SlotCommand.AttentionOn : SlotCommand.AttentionOff);
        _events &= unchecked((ushort)~PcieRegister.SlotStatusDataLinkStateChanged);
        if (changed)
        {
            // Something was pulled or plugged under way: the next round looks at what is there now.
            _events |= PcieRegister.SlotStatusPresenceDetectChanged;
        }
    }

    private async Task DisableAsync(bool surprise)
    {
        State = SlotState.PoweringOff;
        await _functions.RemoveAsync(_node, surprise);
        await PowerAsync(false, SlotCommand.PowerIndicatorOff);
        if (_port.HasPowerController)
        {
            await _host.Scheduler.Delay(RootComplexLimits.PowerOffTime);
        }

        State = SlotState.Off;
        Report(EventSeverity.Information, "off");
    }

    /// <summary>A drop that was served while the state said "powering on" left no event behind.</summary>
    private void NoteIfDropped()
    {
        if (!_port.IsPresent || !_port.IsLinkActive)
        {
            _events |= PcieRegister.SlotStatusPresenceDetectChanged;
        }
    }

    private Task PowerAsync(bool on, ushort indicator) => _port.HasPowerController
        ? _port.CommandAsync(
            PcieRegister.SlotControlPowerOff | PcieRegister.SlotControlPowerIndicatorMask | PcieRegister.SlotControlAttentionIndicatorMask,
            (ushort)((on ? 0 : PcieRegister.SlotControlPowerOff) | indicator | SlotCommand.AttentionOff))
        : IndicateAsync(indicator);

    private Task IndicateAsync(ushort indicator) => _port.CommandAsync(PcieRegister.SlotControlPowerIndicatorMask, indicator);

    private void StartDelay()
    {
        var delay = ++_delay;
        _host.Scheduler.Start(async () =>
        {
            await _host.Scheduler.Delay(AttentionDelay);
            if (delay == _delay)
            {
                _delayEnded = true;
                Note(0);
            }
        });
    }

    private void CancelDelay()
    {
        _delay++;
        _delayEnded = false;
    }

    private void Report(EventSeverity severity, string what)
        => _host.Events.Report(severity, _host.Name, $"slot {_node.SlotNumber}: {what}");
}
