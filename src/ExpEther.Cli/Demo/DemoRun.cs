using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>
/// The whole path once, on this machine, by separate processes: every host uses its disk, one disk moves, everything is verified. What
/// a step finds wrong in the data is noted and the demo goes on; what keeps a step from ending stops it, with the reason. Processes,
/// namespaces and temporary files are gone at the end in every case.
/// </summary>
internal sealed class DemoRun(DemoOptions options, DemoLog log)
{
    private readonly Dictionary<string, byte[]> _scratch = [];

    public DemoReport Report { get; } = new();

    public async Task RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("expether-demo-").FullName;
        try
        {
            await PrepareAsync(folder, cancel);
            using (var lab = await StartAsync(folder, cancel))
            {
                await UseWatchedAsync(lab, cancel);
            }

            // The I/O box has let go of its files; what they hold is looked at past all of our own software.
            foreach (var disk in Report.Disks)
            {
                Report.Checks.Add(new DemoCheck("the backing file at the end", disk.Name, disk.Sha256, await disk.HashBackingAsync(cancel)));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Uses the lab; a process that ends during that ends everything.</summary>
    private async Task UseWatchedAsync(Lab lab, CancellationToken cancel)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watch = WatchAsync(lab, alive);
        try
        {
            await UseAsync(lab, alive.Token);
        }
        catch (Exception e) when (e is DemoFailure or OperationCanceledException)
        {
            Report.Failure = DeadProcess(lab) ?? (e is DemoFailure failure ? await ExplainAsync(lab, failure) : null);
            if (Report.Failure is null)
            {
                throw;
            }
        }
        finally
        {
            await alive.CancelAsync();
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            log.Step("stopping the processes");
        }
    }

    private async Task PrepareAsync(string folder, CancellationToken cancel)
    {
        var sources = options.Disks.Count > 0 ? [.. options.Disks] : new List<string> { await SourceImage.MakeAsync(folder, cancel) };
        if (sources.Count == 1)
        {
            sources.Add(sources[0]); // one disk for each host
        }

        for (var i = 0; i < sources.Count; i++)
        {
            var disk = await DemoDisk.CopyAsync($"disk{i + 1}", sources[i], folder, cancel);
            Report.Disks.Add(disk);
            log.Step(
                $"{disk.Name}: a copy of {(options.Disks.Count > 0 ? disk.Source : "the repository's own sources")}, "
                + $"{JsonText.Size(disk.OriginalBytes)} and {JsonText.Size(DemoLimits.ScratchBytes)} scratch; backing file {disk.Backing}");
        }
    }

    private async Task<Lab> StartAsync(string folder, CancellationToken cancel)
    {
        LabTransport[] candidates = options.Transport is { } wanted
            ? [wanted]
            : Environment.IsPrivilegedProcess
                ? [LabTransport.Namespaces, LabTransport.UserNamespaces, LabTransport.Udp]
                : [LabTransport.UserNamespaces, LabTransport.Udp];
        Report.IsSealed = options.IsSealed;
        var isLarge = Report.Disks.Sum(d => d.TotalBytes) > DemoLimits.JumboAboveBytes;
        var mtu = options.MtuBytes > 0 ? options.MtuBytes : isLarge ? DemoLimits.JumboMtuBytes : DemoLimits.MtuBytes;
        foreach (var candidate in candidates)
        {
            try
            {
                var lab = await Lab.StartAsync(candidate, folder, Report.Disks, options.IsSealed, mtu, cancel);
                Report.Take(lab);
                log.Step(
                    $"started {string.Join(", ", lab.Processes.Select(p => $"{p.Name} (pid {p.Id})"))}: "
                    + $"{DemoReport.Describe(candidate)}, {(options.IsSealed ? "sealed" : "not sealed")}, MTU {mtu}");
                log.Step($"the switch's control socket: {lab.SocketOf("switch")}");
                return lab;
            }
            catch (DemoFailure e) when (candidate != candidates[^1] && e.Code is "no-namespace" or "no-tool" or "no-port")
            {
                log.Step($"{DemoReport.Describe(candidate)}: not possible here ({e.Message})");
            }
        }

        throw new DemoFailure("no-transport", "no transport works here", "see the lines above");
    }

    private async Task UseAsync(Lab lab, CancellationToken cancel)
    {
        DemoHost[] hosts = [.. Enumerable.Range(1, 2).Select(n => new DemoHost(Lab.Nodes[n], Lab.Vlans[n], lab.SocketOf(Lab.Nodes[n])))];
        Report.Hosts.AddRange(hosts);
        await LinksUpAsync(lab, cancel);
        log.Step("both hosts have a link to the I/O box");

        await Task.WhenAll(hosts.Select((host, i) => FirstUseAsync(lab, host, Report.Disks.Where((_, d) => d % hosts.Length == i), cancel)));
        await NoteAsync(lab, hosts, cancel);

        var (moved, other) = (Report.Disks[0], Report.Disks[1]);
        log.Step($"moving {moved.Name} from {hosts[0].Name} to {hosts[1].Name} while both work");
        var move = new DemoMove(hosts[0], hosts[1], moved, other, lab.SocketOf("io"));
        Report.Move = move;
        await move.RunAsync(HashOf(other), cancel);
        await NoteAsync(lab, hosts, cancel);
        move.IsVerified = await hosts[1].CheckAsync(
            $"what {hosts[0].Name} wrote to it", moved.Name, moved.ScratchOffset, DemoLimits.ScratchBytes, DemoLimits.ScratchBytes, HashOf(moved), cancel);
        log.Step(
            $"moved: {move.OutageMs:0.0} ms without it, VLAN {move.Result.Cell("vlanBefore")} -> {move.Result.Cell("vlanAfter")}; "
            + $"{hosts[1].Name} {(move.IsVerified ? "found" : "did NOT find")} what {hosts[0].Name} wrote");

        if (options.PauseSeconds > 0)
        {
            log.Step($"pausing {options.PauseSeconds} s (--pause): now is the time to damage a backing file, or to cut a cable");
            await Task.Delay(TimeSpan.FromSeconds(options.PauseSeconds), cancel);
        }

        log.Step("reading every disk a second time");
        foreach (var (disk, index) in Report.Disks.Select((d, i) => (d, i)))
        {
            var owner = disk == moved ? hosts[1] : hosts[index % hosts.Length];
            await owner.CheckAsync("second full read", disk.Name, 0, disk.TotalBytes, disk.OriginalBytes, disk.Sha256, cancel);
        }

        await CountAsync(lab, cancel);
        Report.IsComplete = true;
    }

    private async Task FirstUseAsync(Lab lab, DemoHost host, IEnumerable<DemoDisk> disks, CancellationToken cancel)
    {
        foreach (var disk in disks)
        {
            await BoxAsync(lab, $"attaching {disk.Name} to {host.Name}", "attach", new JsonObject { ["function"] = disk.Name, ["host"] = host.Name }, cancel);
            var found = await host.WaitForAsync(disk.Name, cancel);
            log.Step($"{host.Name}: {disk.Name} was plugged in and is {found.Cell("disk")} at {found.Cell("bdf")}");
            log.Step($"{host.Name}'s tree:\n{Indent(await host.TreeAsync(cancel))}");

            var isRight = await host.CheckAsync("first full read", disk.Name, 0, disk.TotalBytes, disk.OriginalBytes, disk.Sha256, cancel);
            log.Step($"{host.Name}: read {disk.Name}, {JsonText.Size(disk.TotalBytes)}: SHA-256 {(isRight ? "is right" : "is WRONG")}");

            var data = RandomNumberGenerator.GetBytes(DemoLimits.ScratchBytes);
            lock (_scratch)
            {
                _scratch[disk.Name] = data;
            }

            await host.WriteAsync(disk.Name, disk.ScratchOffset, data, cancel);
            isRight = await host.CheckAsync("what it wrote", disk.Name, disk.ScratchOffset, data.Length, data.Length, HashOf(disk), cancel);
            log.Step($"{host.Name}: wrote {JsonText.Size(data.Length)} to {disk.Name} and read it back: {(isRight ? "right" : "WRONG")}");
        }
    }

    private string HashOf(DemoDisk disk)
    {
        lock (_scratch)
        {
            return Convert.ToHexStringLower(SHA256.HashData(_scratch[disk.Name]));
        }
    }

    private static Task<JsonObject> BoxAsync(Lab lab, string what, string command, JsonObject arguments, CancellationToken cancel) =>
        StallGuard.RunAsync(what, async guard =>
        {
            using var client = await ControlClient.ConnectAsync(lab.SocketOf("io"), guard.Token);
            return await client.CallAsync(command, arguments, _ => guard.Moved(), cancel: guard.Token);
        }, cancel);

    private static async Task LinksUpAsync(Lab lab, CancellationToken cancel) =>
        await StallGuard.RunAsync("waiting for the links", async guard =>
        {
            using var client = await ControlClient.ConnectAsync(lab.SocketOf("io"), guard.Token);
            while (true)
            {
                var box = await client.CallAsync("ls", cancel: guard.Token);
                if (box.Objects("hosts").All(h => h.Cell("link") == "up") && box["started"]?.GetValue<bool>() == true)
                {
                    return box;
                }

                await Task.Delay(20, guard.Token);
            }
        }, cancel);

    private static async Task NoteAsync(Lab lab, DemoHost[] hosts, CancellationToken cancel)
    {
        var box = await BoxAsync(lab, "asking the I/O box", "ls", [], cancel);
        foreach (var host in hosts)
        {
            host.Note(box);
        }
    }

    private async Task CountAsync(Lab lab, CancellationToken cancel)
    {
        foreach (var node in Lab.Nodes)
        {
            var stats = await StallGuard.RunAsync($"asking {node} for its counters", async guard =>
            {
                using var client = await ControlClient.ConnectAsync(lab.SocketOf(node), guard.Token);
                return await client.CallAsync("stats", cancel: guard.Token);
            }, cancel);
            Report.Count(stats);
        }
    }

    /// <summary>Ends everything when a process that should run has ended.</summary>
    private static async Task WatchAsync(Lab lab, CancellationTokenSource alive)
    {
        while (!alive.IsCancellationRequested)
        {
            if (lab.Processes.Any(p => p.EndedUnasked))
            {
                await alive.CancelAsync();
                return;
            }

            await Task.Delay(100, alive.Token);
        }
    }

    private static DemoFailure? DeadProcess(Lab lab) => lab.Processes.FirstOrDefault(p => p.EndedUnasked) is { } dead
        ? new DemoFailure(
            "daemon-ended", $"{dead.Name} (pid {dead.Id}) ended during the run, exit code {dead.ExitCode}: {dead.LastWords()}", "it must run to the end")
        : null;

    /// <summary>Adds to a failure what the I/O box says about the links.</summary>
    private static async Task<DemoFailure> ExplainAsync(Lab lab, DemoFailure failure)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = await ControlClient.ConnectAsync(lab.SocketOf("io"), limit.Token);
            var box = await client.CallAsync("ls", cancel: limit.Token);
            var lost = box.Objects("hosts").Where(h => h.Cell("link") != "up").Select(h => $"{h.Cell("name")} ({h.Cell("link")})").ToList();
            return lost.Count == 0
                ? failure
                : new DemoFailure(
                    "link-lost", $"no frames come from {string.Join(" and ", lost)} any more; {failure.Message}", "was the network cut, or a process stopped?");
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException)
        {
            return failure;
        }
    }

    private static string Indent(string text) => string.Join('\n', text.TrimEnd().Split('\n').Select(line => "          " + line));
}
