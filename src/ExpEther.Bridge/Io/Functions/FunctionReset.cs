using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Sequences;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// Quiets a function and resets it (PCIe 5.0 §6.6.2): bus mastering off, so that the device starts nothing new; what is on its way is
/// waited for; function level reset; then what only the I/O bridge may set is set again (Mem_IO, MPS, MSE; of a VF nothing, its PF has it).
/// A function that cannot do it, or does not answer, has its device reset as by PERST#; one with siblings that are in use fails alone.
/// </summary>
internal sealed class FunctionReset(DeviceConfigAccess config, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events)
{
    private const int LowHalf = 0b0011;

    private readonly FunctionReadiness _readiness = new(config, scheduler);
    private readonly byte[] _tlp = new byte[TlpLimits.HeaderBytesMax];

    /// <summary>Resets the function, for its owner (open) or between owners (closed: nobody is waited for).</summary>
    /// <param name="function">Open or closed.</param>
    /// <param name="steps">Where the steps are noted; null: nowhere.</param>
    /// <returns>False: the device does not come back; the function's state is Failed.</returns>
    public async Task<bool> ResetAsync(IoFunction function, StepLog? steps)
    {
        while (function.IsResetting)
        {
            await changed.Next(scheduler.Now + IoBridgeLimits.ConfigRetryTimeout);
        }

        function.IsResetting = true;
        var answers = await DrainAsync(function);
        steps?.Add(BridgeStepName.Drained);
        var ready = (answers && function.Real.FlrCapable && await LevelResetAsync(function)) || await FundamentalResetAsync(function);
        if (ready)
        {
            ready = await RestoreAsync(function);
        }

        Forget(function);
        function.IsResetting = false;
        if (!ready)
        {
            function.Failure = "the device did not come back from its reset";
            events.Report(EventSeverity.Error, function.Name, function.Failure);
            function.Session?.Tell(_tlp.AsSpan(0, new WithdrawMessage(function.Number, function.Generation).Write(_tlp)));
            function.Close(FunctionState.Failed);
        }
        else
        {
            function.IsClean = !function.IsOpen;
            function.Counters.FunctionLevelResets++;
            steps?.Add(BridgeStepName.Reset);
        }

        changed.Set();
        return ready;
    }

    /// <summary>What FLR and PERST# clear and the I/O bridge sets: Mem_IO, MPS and MRRS, memory decoding.</summary>
    public async Task<bool> RestoreAsync(IoFunction function)
    {
        foreach (var bar in function.Real.IsVirtual ? [] : function.Real.Bars)
        {
            var register = ConfigRegister.Bar0 + (4 * bar.Index);
            if (await config.WriteAsync(function.VfIo, register, (uint)bar.Address.Value) != ConfigStatus.Success)
            {
                return false;
            }

            if (bar.Is64Bit)
            {
                await config.WriteAsync(function.VfIo, register + 4, (uint)(bar.Address.Value >> 32));
            }
        }

        if (function.Real is { PciExpressOffset: not 0, IsVirtual: false })
        {
            await config.WriteAsync(function.VfIo, function.Real.PciExpressOffset + PcieRegister.DeviceControl, function.Real.DeviceControl, LowHalf);
        }

        return await config.WriteAsync(function.VfIo, ConfigRegister.Command, function.Real.Command(false), LowHalf) == ConfigStatus.Success;
    }

    private async Task<bool> DrainAsync(IoFunction function)
    {
        // The completion of this write comes after everything the device sent before it stopped (PCIe 5.0 §2.4.1).
        var status = await config.WriteAsync(function.VfIo, ConfigRegister.Command, function.Real.Command(false), LowHalf);
        if (function.IsOpen)
        {
            await changed.WaitUntil(
                () => !function.IsOpen || (function.DmaRequests.Count == 0 && function.Output.Count == 0), IoBridgeLimits.DmaDrainTime);
        }

        function.BusMaster = false;
        await changed.WaitUntil(() => function.HostRequests.Count == 0, IoBridgeLimits.HostDrainTime);
        return status == ConfigStatus.Success;
    }

    private async Task<bool> LevelResetAsync(IoFunction function)
    {
        var register = function.Real.PciExpressOffset + PcieRegister.DeviceControl;
        if (await config.WriteAsync(
                function.VfIo, register, function.Real.DeviceControl | (uint)PcieRegister.DeviceControlInitiateFlr, LowHalf) != ConfigStatus.Success)
        {
            return false;
        }

        await scheduler.Delay(IoBridgeLimits.FunctionLevelResetTime);
        return await _readiness.WaitAsync(function.VfIo, function.Real.IsVirtual);
    }

    /// <summary>The last resort, which ends what all functions of the device do: not for one that has siblings at work.</summary>
    private async Task<bool> FundamentalResetAsync(IoFunction function)
    {
        var device = function.Device;
        if (function.Real.IsVirtual || device.Functions.Exists(f => f != function && (f.IsOpen || f.IsResetting || f.Busy is not null)))
        {
            return false;
        }

        events.Report(EventSeverity.Warning, function.Name, "no function level reset: the whole device is reset");
        device.Device.Reset(scheduler.Now);
        device.ForgetOutput();
        config.Release(device.Bus);
        await scheduler.Delay(IoBridgeLimits.FunctionLevelResetTime);
        foreach (var sibling in device.Functions)
        {
            if (!await _readiness.WaitAsync(sibling.VfIo, false) || !await RestoreAsync(sibling))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The device has forgotten all requests. Those of the owner that it never answered end in UR. The device's own, if the owner still
    /// owes answers, stay in the table as an earlier era's; without an owner the generation is over and its answers are refused anyway.
    /// </summary>
    private void Forget(IoFunction function)
    {
        function.Era++;
        while (function.HostRequests.TryTakeLive(out _, out var tag, out var request))
        {
            var length = new Completion(
                function.Config.VfH, request.HostH, tag, CompletionStatus.UnsupportedRequest, Math.Max(1, request.BytesLeft)).Write(_tlp);
            function.Session?.Reply(function.Number, function.Generation, TlpClass.Completion, _tlp.AsSpan(0, length));
            function.Counters.HostUnsupportedRequests++;
        }

        function.HostRequests.Clear();
        if (!function.IsOpen)
        {
            function.DmaRequests.Clear();
        }
    }
}
