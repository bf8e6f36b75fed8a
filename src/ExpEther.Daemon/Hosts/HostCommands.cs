using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Control;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Daemon.Hosts;

/// <summary>What a host daemon can be asked: its slots and tree, and its disks (docs/control-protocol.md).</summary>
internal sealed class HostCommands
{
    private readonly HostSet _hosts;
    private readonly OwnerScheduler _scheduler;

    public HostCommands(HostSet hosts, OwnerScheduler scheduler, CommandTable table)
    {
        _hosts = hosts;
        _scheduler = scheduler;
        table.Add("tree", Tree);
        table.Add("nvme.id", IdentifyAsync);
        table.Add("nvme.wait", WaitAsync);
        table.Add("nvme.read", ReadAsync);
        table.Add("nvme.write", WriteAsync);
        table.Add("nvme.trim", TrimAsync);
    }

    private Task<ControlReply> Tree(ControlCall call)
    {
        var name = call.Arguments.Text("host");
        var reply = call.Arguments.Mistake() ?? _hosts.FindEmbedded(name, out _);
        if (reply is null)
        {
            _ = _hosts.FindEmbedded(name, out var hosts);
            reply = ControlReply.Ok(new JsonObject { ["hosts"] = new JsonArray([.. hosts.Select(h => (JsonNode)HostJson.Tree(h))]) });
        }

        return Task.FromResult(reply);
    }

    private async Task<ControlReply> IdentifyAsync(ControlCall call)
    {
        var host = call.Arguments.Text("host");
        var name = call.Arguments.Text("disk");
        if (call.Arguments.Mistake() is { } wrong)
        {
            return wrong;
        }

        var (mistake, disk) = await _hosts.FindAsync(host, name);
        if (mistake is not null)
        {
            return mistake;
        }

        var memory = disk!.Function.Memory;
        if (!memory.TryAllocate(4096, HostMemory.PageBytes, DmaRights.Write, out var page))
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, "the host's memory is used up", "wait for other transfers to end, or raise memoryMiB in the configuration");
        }

        var result = await disk.IdentifyAsync(1, 0, page);
        var raw = memory.SpanOf(page).ToArray();
        memory.Free(page);
        if (!result.IsSuccess)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"'{disk.Name}' did not identify itself: {result}", DiskErrors.Remedy(result));
        }

        var at = _hosts.All.OfType<EmbeddedHost>().First(h => h.Driver.Disks.Contains(disk));
        var answer = HostJson.Disk(at, disk);
        answer["firmware"] = disk.FirmwareRevision.Trim();
        answer["vendorId"] = $"0x{BitConverter.ToUInt16(raw, 0):x4}";
        answer["nvmeVersion"] = $"{BitConverter.ToUInt16(raw, 82)}.{raw[81]}";
        answer["queueDepth"] = disk.QueueDepth;
        answer["maxTransferBytes"] = disk.MaxTransferBytes;
        answer["namespaces"] = new JsonArray([.. disk.Namespaces.Select(n => (JsonNode)new JsonObject
        {
            ["id"] = n.Id, ["bytes"] = n.Bytes, ["blockBytes"] = n.BlockBytes, ["readOnly"] = n.IsReadOnly,
        })]);
        return ControlReply.Ok(answer);
    }

    private async Task<ControlReply> WaitAsync(ControlCall call)
    {
        var name = call.Arguments.RequiredText("disk");
        var host = call.Arguments.Text("host");
        var timeout = TimeSpan.FromMilliseconds(call.Arguments.Number("timeoutMs", 0, DiskLimits.WaitMillisecondsMax) ?? 30_000);
        IReadOnlyList<EmbeddedHost> among = [];
        if ((call.Arguments.Mistake() ?? _hosts.FindEmbedded(host, out among)) is { } mistake)
        {
            return mistake;
        }

        if (among.Count != 1)
        {
            return ControlReply.Fail(ControlErrorCode.BadArgument, "this daemon has several hosts", "name one by 'host'");
        }

        return await among[0].WaitForDiskAsync(name, timeout)
            ? ControlReply.Ok(HostJson.Disk(among[0], among[0].FindDisks(name)[0]))
            : ControlReply.Fail(
                ControlErrorCode.TimedOut, $"no disk '{name}' appeared at host '{among[0].Config.Name}' within {timeout.TotalSeconds:0.#} s",
                "see `expether ls` at the I/O box");
    }

    private async Task<ControlReply> ReadAsync(ControlCall call)
    {
        var (mistake, range) = await DiskRange.ReadAsync(call, _hosts);
        return mistake ?? await new DiskTransfer(range!, call, _scheduler).ReadAsync();
    }

    private async Task<ControlReply> WriteAsync(ControlCall call)
    {
        var (mistake, range) = await DiskRange.ReadAsync(call, _hosts);
        return mistake ?? await new DiskTransfer(range!, call, _scheduler).WriteAsync();
    }

    private async Task<ControlReply> TrimAsync(ControlCall call)
    {
        var (mistake, range) = await DiskRange.ReadAsync(call, _hosts);
        return mistake ?? await new DiskTrim(range!, call, _scheduler).RunAsync();
    }
}
