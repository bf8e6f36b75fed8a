using ExpEther.Core.Time;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// Controller registers in BAR 0, for bring-up and recovery only: the I/O path reads none. A read without an answer means "ask again
/// until presence drops", since a link may be silent for a while and come back.
/// </summary>
internal sealed class NvmeRegisters(PciFunction function)
{
    /// <summary>Null: gone, or silent for too long.</summary>
    public async Task<ulong?> Read64Async(int register) => await ReadAsync(register, true);

    /// <inheritdoc cref="Read64Async"/>
    public async Task<uint?> Read32Async(int register) => (uint?)await ReadAsync(register, false);

    /// <summary>Waits for room among the posted writes. False: there was none for too long.</summary>
    public async Task<bool> Write32Async(int register, uint value)
    {
        var deadline = function.Scheduler.Now + NvmeDriverLimits.SilenceMax;
        while (!function.TryWrite32(0, (ulong)register, value))
        {
            if (function.Scheduler.Now >= deadline)
            {
                return false;
            }

            await function.Scheduler.Delay(NvmeDriverLimits.DoorbellRetry);
        }

        return true;
    }

    /// <summary>In two halves, low first, as any controller takes it.</summary>
    public async Task<bool> Write64Async(int register, ulong value)
        => await Write32Async(register, (uint)value) && await Write32Async(register + 4, (uint)(value >> 32));

    /// <summary>CSTS by a single read; null when it got no answer, which says nothing of the controller.</summary>
    public async Task<ControllerStatus?> TryReadStatusAsync()
    {
        var result = await function.Read32Async(0, NvmeRegister.Csts);
        return result.IsError || result.Value == uint.MaxValue ? null : new ControllerStatus((uint)result.Value);
    }

    /// <summary>Reads CSTS until <paramref name="condition"/> holds.</summary>
    /// <returns>False: it did not in time, or the controller is gone.</returns>
    public async Task<bool> WaitStatusAsync(Func<ControllerStatus, bool> condition, TimeSpan timeout)
    {
        var deadline = function.Scheduler.Now + timeout;
        while (await Read32Async(NvmeRegister.Csts) is { } value)
        {
            if (condition(new ControllerStatus(value)))
            {
                return true;
            }

            if (function.Scheduler.Now >= deadline)
            {
                return false;
            }

            await function.Scheduler.Delay(NvmeDriverLimits.RegisterPoll);
        }

        return false;
    }

    private async Task<ulong?> ReadAsync(int register, bool wide)
    {
        Instant deadline = function.Scheduler.Now + NvmeDriverLimits.SilenceMax;
        while (function.IsPresent)
        {
            var result = wide ? await function.Read64Async(0, (ulong)register) : await function.Read32Async(0, (ulong)register);
            if (!result.IsError && result.Value != (wide ? ulong.MaxValue : uint.MaxValue))
            {
                return result.Value;
            }

            if (function.Scheduler.Now >= deadline)
            {
                return null;
            }

            await function.Scheduler.Delay(NvmeDriverLimits.RegisterPoll);
        }

        return null;
    }
}
