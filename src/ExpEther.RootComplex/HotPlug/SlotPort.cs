using ExpEther.Core.Scheduling;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>
/// A hot-plug port's slot registers, reached by configuration requests: collects and clears its events, tells presence and link, and
/// writes commands one at a time, each completed (Command Completed, or at most a second) before the next (PCIe 5.0 §6.7.3.2).
/// </summary>
internal sealed class SlotPort(PciNode node, PortServices host)
{
    private readonly FunctionConfig _config = new(host.Config, node.Rid);
    private readonly OwnerSignal _changed = new(host.Scheduler);
    private readonly int _pcie = node.Capabilities.PciExpress;
    private bool _serviceWanted;
    private bool _servicing;
    private bool _commandRunning;
    private bool _commandsComplete;
    private bool _reportedSilence;
    private ushort _control;

    /// <summary>Runs after each service, with the events that were found and cleared.</summary>
    public event Action<ushort>? Serviced;

    public bool HasAttentionButton { get; private set; }

    public bool HasPowerController { get; private set; }

    public bool IsPresent { get; private set; }

    public bool IsLinkActive { get; private set; }

    public bool IsPowered => !HasPowerController || (_control & PcieRegister.SlotControlPowerOff) == 0;

    /// <summary>Reads what the slot can do, clears old events and enables new ones.</summary>
    public async Task StartAsync()
    {
        var capabilities = await _config.Read32Async(_pcie + PcieRegister.SlotCapabilities);
        HasAttentionButton = (capabilities & PcieRegister.SlotCapabilitiesAttentionButton) != 0;
        HasPowerController = (capabilities & PcieRegister.SlotCapabilitiesPowerController) != 0;
        _commandsComplete = (capabilities & PcieRegister.SlotCapabilitiesNoCommandCompleted) == 0;
        await _config.Write16Async(_pcie + PcieRegister.SlotStatus, SlotCommand.Events);
        _control = await _config.Read16Async(_pcie + PcieRegister.SlotControl);
        await CommandAsync(SlotCommand.Enables, SlotCommand.Enables);
        await WaitUntilAsync(() => !_servicing && !_serviceWanted, RootComplexLimits.SlotCommandTimeout);
        await ServiceAsync();
    }

    /// <summary>Asks for a service; several requests before it runs are one.</summary>
    public void RequestService()
    {
        _serviceWanted = true;
        if (!_servicing)
        {
            host.Scheduler.Start(ServiceAsync);
        }
    }

    /// <summary>Waits until <paramref name="condition"/> holds, looking after every event and now and then anyway.</summary>
    /// <returns>False: <paramref name="timeout"/> passed first.</returns>
    public async Task<bool> WaitUntilAsync(Func<bool> condition, TimeSpan timeout)
    {
        var deadline = host.Scheduler.Now + timeout;
        while (!condition())
        {
            if (host.Scheduler.Now >= deadline)
            {
                return false;
            }

            var again = host.Scheduler.Now + RootComplexLimits.SlotLookAgain;
            if (!await _changed.Next(again < deadline ? again : deadline))
            {
                RequestService();
            }
        }

        return true;
    }

    /// <summary>Changes <paramref name="mask"/>'s bits of Slot Control and waits until the command is done.</summary>
    public async Task CommandAsync(ushort mask, ushort bits)
    {
        await WaitUntilAsync(() => !_commandRunning, RootComplexLimits.SlotCommandTimeout);
        _control = (ushort)((_control & ~mask) | bits);
        _commandRunning = _commandsComplete;
        await _config.Write16Async(_pcie + PcieRegister.SlotControl, _control);
        if (!await WaitUntilAsync(() => !_commandRunning, RootComplexLimits.SlotCommandTimeout))
        {
            _commandRunning = false;
            ReportSilence("did not complete a slot command in time");
        }
    }

    private async Task ServiceAsync()
    {
        _serviceWanted = true;
        if (_servicing)
        {
            return;
        }

        _servicing = true;
        ushort events = 0;
        // Status is read again after it was cleared: an event that came in between gives no second interrupt (§6.7.3.4).
        for (var reads = 0; reads < RootComplexLimits.SlotStatusReadsMax; reads++)
        {
            _serviceWanted = false;
            var status = await _config.Read16Async(_pcie + PcieRegister.SlotStatus);
            if (status == 0xFFFF)
            {
                ReportSilence("does not answer");
                break;
            }

            IsPresent = (status & PcieRegister.SlotStatusPresenceDetectState) != 0;
            var found = (ushort)(status & SlotCommand.Events);
            if (found == 0 && reads > 0 && !_serviceWanted)
            {
                break;
            }

            events |= found;
            if (found != 0)
            {
                await _config.Write16Async(_pcie + PcieRegister.SlotStatus, found);
            }

            var link = await _config.Read16Async(_pcie + PcieRegister.LinkStatus);
            IsLinkActive = link != 0xFFFF && (link & PcieRegister.LinkStatusDataLinkActive) != 0;
        }

        _servicing = false;
        _commandRunning &= (events & PcieRegister.SlotStatusCommandCompleted) == 0;
        Serviced?.Invoke(events);
        _changed.Set();
        if (_serviceWanted)
        {
            RequestService();
        }
    }

    private void ReportSilence(string what)
    {
        if (!_reportedSilence)
        {
            _reportedSilence = true;
            host.Events.Report(EventSeverity.Warning, host.Name, $"slot {node.SlotNumber} ({node.Rid}) {what}");
        }
    }
}
