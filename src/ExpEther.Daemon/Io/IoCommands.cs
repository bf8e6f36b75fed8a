using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Io;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Io;

/// <summary>What an I/O box can be asked beyond its state: attach, detach, move (docs/control-protocol.md).</summary>
internal sealed class IoCommands
{
    private readonly IoBridge _bridge;
    private readonly Task _started;

    /// <param name="bridge">The box's.</param>
    /// <param name="started">Ends when the box has found its devices; commands that come earlier wait for it.</param>
    /// <param name="table">Gets the commands.</param>
    public IoCommands(IoBridge bridge, Task started, CommandTable table)
    {
        _bridge = bridge;
        _started = started;
        table.Add("attach", call => GiveAsync(call, bridge.AttachAsync));
        table.Add("move", call => GiveAsync(call, bridge.MoveAsync));
        table.Add("detach", DetachAsync);
    }

    private async Task<ControlReply> GiveAsync(
        ControlCall call, Func<string, string, bool, Action<BridgeStep>?, ulong?, int, Task<BridgeResult>> give)
    {
        var function = call.Arguments.RequiredText("function");
        var host = call.Arguments.RequiredText("host");
        var force = call.Arguments.Flag("force") ?? false;
        var expected = ExpectedGeneration(call);
        var slot = (int)(call.Arguments.Number("slot", 1, HostBridgeLimits.SlotsMax) ?? 0);
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        await _started;
        return ReplyOf(await give(function, host, force, step => Tell(call, step), expected, slot), function, host);
    }

    private async Task<ControlReply> DetachAsync(ControlCall call)
    {
        var function = call.Arguments.RequiredText("function");
        var force = call.Arguments.Flag("force") ?? false;
        var expected = ExpectedGeneration(call);
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        await _started;
        return ReplyOf(await _bridge.DetachAsync(function, force, step => Tell(call, step), expected), function, null);
    }

    /// <summary>Generations have 53 bits, so that every JSON reader has them exactly.</summary>
    private static ulong? ExpectedGeneration(ControlCall call) => (ulong?)call.Arguments.Number("expectGeneration", 0, (1L << 53) - 1);

    private static void Tell(ControlCall call, BridgeStep step) =>
        call.Progress(new JsonObject { ["step"] = step.Name, ["atNanoseconds"] = step.At.Nanoseconds });

    private ControlReply ReplyOf(BridgeResult result, string function, string? host)
    {
        if (!result.Ok)
        {
            var meant = result.Code switch
            {
                RefusalCode.NoSuchFunction => Suggestion.Nearest(function, _bridge.Status().Functions.Select(f => f.Name)),
                RefusalCode.NoSuchHost => Suggestion.Nearest(host ?? "", _bridge.Status().Hosts.Select(h => h.Name)),
                _ => null,
            };
            return ControlReply.Fail(result.Code, result.Message, meant is null ? result.Remedy : $"did you mean '{meant}'? {result.Remedy}");
        }

        return ControlReply.Ok(new JsonObject
        {
            ["function"] = result.Function,
            ["from"] = result.From,
            ["to"] = result.To,
            ["vlanBefore"] = result.VlanBefore.Value == 0 ? null : result.VlanBefore.Value,
            ["vlanAfter"] = result.VlanAfter.Value == 0 ? null : result.VlanAfter.Value,
            ["generation"] = result.Generation,
            ["message"] = result.Message.Length > 0 ? result.Message : null,
            ["steps"] = new JsonArray(
                [.. result.Steps.Select(step => (JsonNode)new JsonObject { ["step"] = step.Name, ["atNanoseconds"] = step.At.Nanoseconds })]),
        });
    }
}
