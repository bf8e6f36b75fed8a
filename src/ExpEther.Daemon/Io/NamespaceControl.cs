using System.Text.Json.Nodes;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Io;

/// <summary>What an I/O box can be asked about the namespaces of its shared devices (docs/control-protocol.md).</summary>
internal sealed class NamespaceControl
{
    private static readonly TimeSpan RepairLookPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RepairTimeout = TimeSpan.FromSeconds(30);

    private readonly IoBridge _bridge;
    private readonly DeviceSet _devices;
    private readonly OwnerScheduler _scheduler;
    private readonly Task _started;

    /// <param name="bridge">The box's.</param>
    /// <param name="devices">The box's own devices, whose pools may be in doubt.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="started">Ends when the box has found its devices; commands that come earlier wait for it.</param>
    /// <param name="table">Gets the commands.</param>
    public NamespaceControl(IoBridge bridge, DeviceSet devices, OwnerScheduler scheduler, Task started, CommandTable table)
    {
        (_bridge, _devices, _scheduler, _started) = (bridge, devices, scheduler, started);
        table.Add("namespace.ls", ListAsync);
        table.Add("namespace.create", CreateAsync);
        table.Add("namespace.give", GiveAsync);
        table.Add("namespace.resize", ResizeAsync);
        table.Add("namespace.delete", DeleteAsync);
        table.Add("namespace.repair", RepairAsync);
    }

    private async Task<ControlReply> ListAsync(ControlCall call)
    {
        var device = call.Arguments.Text("device");
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        await _started;
        var devices = await _bridge.NamespacesAsync(device);
        if (device is not null && devices.Count == 0)
        {
            var shared = (await _bridge.NamespacesAsync()).Select(d => d.Device).ToList();
            return ControlReply.Fail(
                RefusalCode.NoNamespaces, $"'{device}' is no device with namespaces to manage",
                shared.Count > 0 ? $"there are: {string.Join(", ", shared)}" : "none of this box's devices has virtual functions (vfs in the configuration)");
        }

        return ControlReply.Ok(new JsonObject { ["devices"] = new JsonArray([.. devices.Select(d => (JsonNode)Describe(d))]) });
    }

    private Task<ControlReply> CreateAsync(ControlCall call)
    {
        var device = call.Arguments.RequiredText("device");
        var host = call.Arguments.RequiredText("host");
        var bytes = RequiredBytes(call);
        var function = call.Arguments.Text("function");
        return RunAsync(call, device, () => _bridge.CreateNamespaceAsync(device, bytes, host, function), function);
    }

    private Task<ControlReply> GiveAsync(ControlCall call)
    {
        var device = call.Arguments.RequiredText("device");
        var host = call.Arguments.RequiredText("host");
        var force = call.Arguments.Flag("force") ?? false;
        var id = RequiredId(call);
        var function = call.Arguments.Text("function");
        return RunAsync(call, null, () => _bridge.GiveNamespaceAsync(device, id, host, force, function), function);
    }

    private Task<ControlReply> ResizeAsync(ControlCall call)
    {
        var device = call.Arguments.RequiredText("device");
        var force = call.Arguments.Flag("force") ?? false;
        var id = RequiredId(call);
        var bytes = RequiredBytes(call);
        return RunAsync(call, device, () => _bridge.ResizeNamespaceAsync(device, id, bytes, force));
    }

    private Task<ControlReply> DeleteAsync(ControlCall call)
    {
        var device = call.Arguments.RequiredText("device");
        var force = call.Arguments.Flag("force") ?? false;
        var id = RequiredId(call);
        return RunAsync(call, device, () => _bridge.DeleteNamespaceAsync(device, id, force));
    }

    private async Task<ControlReply> RepairAsync(ControlCall call)
    {
        var name = call.Arguments.RequiredText("device");
        var acceptsLoss = call.Arguments.Flag("acceptLoss") ?? false;
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        await _started;
        if (_devices.Find(name) is not { } device)
        {
            return ControlReply.Fail(
                RefusalCode.NoSuchDevice, $"there is no device '{name}' here",
                $"devices of this box: {string.Join(", ", _devices.All.Select(d => d.Config.Name))}");
        }

        if (device.PoolDoubt.Length == 0)
        {
            return ControlReply.Ok(new JsonObject { ["device"] = name, ["repaired"] = false, ["message"] = "nothing of it is in doubt" });
        }

        if (!acceptsLoss)
        {
            return InDoubt(device);
        }

        if (device.TryAcceptPoolLoss())
        {
            for (var end = _scheduler.Now + RepairTimeout; device.PoolDoubt.Length > 0 && _scheduler.Now < end;)
            {
                await _scheduler.Delay(RepairLookPause);
            }
        }

        return device.PoolDoubt.Length == 0
            ? ControlReply.Ok(new JsonObject { ["device"] = name, ["repaired"] = true, ["message"] = null })
            : ControlReply.Fail(
                RefusalCode.DeviceFailed, $"{name}: its pool's metadata could not be written", "look at the box's log, and at the disk behind the pool");
    }

    private static ControlReply InDoubt(NvmeDevice device) => ControlReply.Fail(
        RefusalCode.DeviceFailed, $"{device.Config.Name}: {device.PoolDoubt}",
        $"restore the start of the pool from a backup, or accept that loss: expether namespace repair {device.Config.Name} --accept-loss");

    /// <param name="call">The command.</param>
    /// <param name="changed">The device whose pool it changes; null: none.</param>
    /// <param name="command">What is done.</param>
    /// <param name="function">The function that the command names, for a suggestion, or null.</param>
    private async Task<ControlReply> RunAsync(ControlCall call, string? changed, Func<Task<NamespaceReply>> command, string? function = null)
    {
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        await _started;
        if (changed is not null && _devices.Find(changed) is { PoolDoubt.Length: > 0 } device)
        {
            return InDoubt(device);
        }

        var reply = await command();
        if (!reply.Ok)
        {
            var functions = _bridge.Status().Functions.Where(f => f.Device == reply.Device && f.VirtualNumber > 0).Select(f => f.Name);
            var meant = function is not null && reply.Code == RefusalCode.NoSuchFunction ? Suggestion.Nearest(function, functions) : null;
            return ControlReply.Fail(reply.Code, reply.Message, meant is null ? reply.Remedy : $"did you mean '{meant}'? {reply.Remedy}");
        }

        var answer = reply.Namespace is { } now ? Describe(now) : [];
        answer["device"] = reply.Device;
        answer["message"] = reply.Message.Length > 0 ? reply.Message : null;
        return ControlReply.Ok(answer);
    }

    private static ulong RequiredBytes(ControlCall call) => (ulong)call.Arguments.RequiredNumber("bytes", 1, long.MaxValue);

    private static uint RequiredId(ControlCall call) => (uint)call.Arguments.RequiredNumber("id", 1, uint.MaxValue);

    private JsonObject Describe(NamespaceDeviceStatus device) => new()
    {
        ["device"] = device.Device,
        ["failure"] = device.Failure.Length > 0 ? device.Failure : null,
        ["doubt"] = _devices.Find(device.Device) is { PoolDoubt.Length: > 0 } found ? found.PoolDoubt : null,
        ["canManage"] = device.CanManage,
        ["totalBytes"] = device.TotalBytes,
        ["freeBytes"] = device.FreeBytes,
        ["namespaces"] = new JsonArray([.. device.Namespaces.Select(n => (JsonNode)Describe(n))]),
    };

    private static JsonObject Describe(NamespaceStatus found) => new()
    {
        ["device"] = found.Device,
        ["id"] = found.Id,
        ["uuid"] = found.Uuid == Guid.Empty ? null : found.Uuid.ToString(),
        ["bytes"] = found.Bytes,
        ["blockBytes"] = found.BlockBytes,
        ["shared"] = found.IsShared,
        ["readOnly"] = found.IsReadOnly,
        ["owner"] = found.Owner,
        ["givenTo"] = found.GivenTo,
        ["functions"] = new JsonArray([.. found.Functions.Select(name => (JsonNode)name)]),
    };
}
