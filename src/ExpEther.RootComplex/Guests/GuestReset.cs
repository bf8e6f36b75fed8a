using ExpEther.Core.Scheduling;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Guests;

/// <summary>The slow things between a slot and its function: a function level reset, and asking for the BARs after a write that nobody answered.</summary>
internal sealed class GuestReset(GuestSlot slot, OwnerScheduler scheduler)
{
    private const int LowHalf = 0b0011;

    private readonly OwnerSignal _cancelled = new(scheduler);
    private bool _isResetting;
    private bool _isAsking;

    /// <returns>False: another has not ended.</returns>
    public bool TryStart(GuestFunction function, ulong token)
    {
        if (_isResetting)
        {
            return false;
        }

        _isResetting = true;
        scheduler.Start(async () =>
        {
            var isDone = await ResetAsync(function);
            _isResetting = false;
            slot.Sink?.OnWritten(token, isDone);
        });
        return true;
    }

    /// <summary>Asks the function what its BARs hold until it answers.</summary>
    public void AskForBars(GuestFunction function)
    {
        if (!_isAsking)
        {
            _isAsking = true;
            scheduler.Start(async () =>
            {
                while (IsThere(function) && !await TryAskForBarsAsync(function))
                {
                    await PauseAsync(function, GuestLimits.AskAgainInterval);
                }

                _isAsking = false;
            });
        }
    }

    /// <summary>The function is gone: nothing waits for it any more.</summary>
    public void Cancel() => _cancelled.Set();

    private async Task<bool> ResetAsync(GuestFunction function)
    {
        var deadline = scheduler.Now + GuestLimits.ResetTimeout;
        var pcie = slot.Capabilities.PciExpress;
        if (pcie == 0)
        {
            return false;
        }

        // §6.6.2: the function is quieted first, so that it starts nothing that the reset would leave half done.
        await slot.WriteConfigAsync(ConfigRegister.Command, 0, LowHalf);
        var capabilities = await slot.ReadConfigAsync(pcie + PcieRegister.DeviceCapabilities);
        var control = await slot.ReadConfigAsync(pcie + PcieRegister.DeviceControl);
        if (!capabilities.IsSuccess || !control.IsSuccess || (capabilities.Value & PcieRegister.DeviceCapabilitiesFlr) == 0
            || await slot.WriteConfigAsync(pcie + PcieRegister.DeviceControl, control.Value | PcieRegister.DeviceControlInitiateFlr, LowHalf)
            != ConfigStatus.Success)
        {
            return false;
        }

        await PauseAsync(function, RootComplexLimits.FunctionResetTime);
        while (IsThere(function) && scheduler.Now < deadline)
        {
            // Its completer answers "retry", or not at all, until the function is ready.
            if (await slot.ReadConfigAsync(ConfigRegister.VendorId) is { IsSuccess: true } ids && (ushort)ids.Value != 0xFFFF)
            {
                return IsThere(function);
            }

            await PauseAsync(function, GuestLimits.AskAgainInterval);
        }

        return false;
    }

    private async Task<bool> TryAskForBarsAsync(GuestFunction function)
    {
        for (var register = ConfigRegister.Bar0; GuestBars.IsBar(register); register += 4)
        {
            var read = await slot.ReadConfigAsync(register);
            if (!read.IsSuccess || !IsThere(function))
            {
                return false;
            }

            slot.Bars.OnWritten(register, read.Value, 0xF);
        }

        return true;
    }

    private bool IsThere(GuestFunction function) => ReferenceEquals(slot.Function, function);

    private Task<bool> PauseAsync(GuestFunction function, TimeSpan time) => _cancelled.WaitUntil(() => !IsThere(function), time);
}
