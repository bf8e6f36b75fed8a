using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Requests;

namespace ExpEther.RootComplex.Config;

/// <summary>
/// Configuration space as the host's CPU reaches it: the root port answers at once; the bus below it is asked with type 0 requests, buses
/// further down with type 1 (PCIe 5.0 §7.3.3); anything else is nobody's.
/// </summary>
internal sealed class HostConfigAccess(BridgePortConfig rootPort, CpuRequests requests) : IConfigAccess
{
    public static Rid RootPortRid => new(0, 0, 0);

    public async ValueTask<ConfigResult> ReadAsync(Rid target, int register)
    {
        if (target == RootPortRid)
        {
            return new ConfigResult(ConfigStatus.Success, rootPort.Read(register));
        }

        if (!IsReachable(target, out var type1))
        {
            return ConfigResult.Failed(ConfigStatus.UnsupportedRequest);
        }

        var end = await requests.SendAsync(new CpuRequest(RequestKind.ConfigRead, Target: target, Register: register, Type1: type1));
        return end.IsSuccess ? new ConfigResult(ConfigStatus.Success, (uint)end.Value) : ConfigResult.Failed(StatusOf(end));
    }

    public async ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF)
    {
        if (target == RootPortRid)
        {
            rootPort.Write(register, value, enables);
            return ConfigStatus.Success;
        }

        if (!IsReachable(target, out var type1))
        {
            return ConfigStatus.UnsupportedRequest;
        }

        var end = await requests.SendAsync(
            new CpuRequest(RequestKind.ConfigWrite, Target: target, Register: register, Type1: type1, Value: value, Enables: enables));
        return StatusOf(end);
    }

    private static ConfigStatus StatusOf(in RequestEnd end) => end switch
    {
        { TimedOut: true } => ConfigStatus.TimedOut,
        { Status: CompletionStatus.SuccessfulCompletion } => ConfigStatus.Success,
        { Status: CompletionStatus.UnsupportedRequest } => ConfigStatus.UnsupportedRequest,
        { Status: CompletionStatus.ConfigurationRequestRetry } => ConfigStatus.RetryStatus,
        _ => ConfigStatus.CompleterAbort,
    };

    private bool IsReachable(Rid target, out bool type1)
    {
        type1 = target.Bus != rootPort.SecondaryBus;
        // Without ARI forwarding only device 0 is on a link (§7.3.1).
        return rootPort.ContainsBus(target.Bus) && (type1 || target.Device == 0 || rootPort.AriForwarding);
    }
}
