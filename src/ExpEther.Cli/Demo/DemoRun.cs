using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>
/// The whole path once, on this machine, by separate processes: one NVMe controller with SR-IOV, several hosts that each use a virtual function
/// of it at the same time; one function moves; everything is verified. What
/// a step finds wrong in the data is noted and the demo goes on; what keeps a step from ending stops it, with the reason. Processes,
/// namespaces and temporary files are gone at the end in every case.
/// </summary>
internal sealed class DemoRun(DemoOptions options, StepLog log)
{
    private DemoCapture? _capture;

    public DemoReport Report { get; } = new();

    public async Task RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("expether-demo-").FullName;
        try
        {
            _capture = options.CapturePath is { } path ? DemoCapture.Create(path) : null;
            var plan = await PrepareAsync(folder, cancel);
            using (var lab = await StartAsync(folder, plan, cancel))
            {
                await UseWatchedAsync(lab, cancel);
            }

            // The I/O box has let go of its files; what they hold is looked at past all of our own software.
            foreach (var disk in Report.Shared)
            {
                Report.Checks.Add(new DemoCheck("the backing file at the end", disk.Name, disk.Sha256, await disk.HashBackingAsync(cancel), IsOfShared: true));
            }
        }
        finally
        {
            _capture?.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Uses the lab; a process that ends during that ends everything.</summary>
    private async Task UseWatchedAsync(DemoLab lab, CancellationToken cancel)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watch = WatchAsync(lab, alive);
        try
        {
            await UseAsync(lab, alive.Token);
        }
        catch (Exception e) when (e is LabFailure or OperationCanceledException)
        {
            Report.Failure = DeadProcess(lab) ?? (e is LabFailure failure ? await ExplainAsync(lab, failure) : null);
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

    private async Task<DemoPlan> PrepareAsync(string folder, CancellationToken cancel)
    {
        IReadOnlyList<string> sources = options.Disks.Count > 0 ? options.Disks : [await SourceImage.MakeAsync(folder, cancel)];
        foreach (var source in sources)
        {
            var disk = await SharedDisk.CopyAsync(Report.Shared.Count + 1, source, folder, cancel);
            Report.Shared.Add(disk);
            log.Step(
                $"shared {disk.Name}: a copy of {(options.Disks.Count > 0 ? disk.Source : "the repository's own sources")}, "
                + $"{JsonText.Size(disk.OriginalBytes)}; backing file {disk.Backing}");
        }

        var plan = new DemoPlan(options.Hosts, Report.Shared, Path.Combine(folder, "pool.img"), PlanGuest(folder));
        await using var pool = File.Create(plan.Pool);
        pool.SetLength(plan.PoolBytes);
        return plan;
    }

    /// <summary>The demo fetches nothing by itself.</summary>
    private GuestOptions? PlanGuest(string folder)
    {
        if (!options.HasGuest)
        {
            return null;
        }

        if (GuestAssets.Existing is { } assets)
        {
            return new GuestOptions
            {
                Name = "guest", Folder = Path.Combine(folder, "vm"), Assets = assets, Accel = GuestAccel.Choose("auto", log.Step), Ports = 1,
            };
        }

        log.Step("no virtual machine of stock Linux beside the hosts: QEMU and a kernel are not there; `make lab-assets` gets them, then the demo has one");
        return null;
    }

    private async Task<DemoLab> StartAsync(string folder, DemoPlan plan, CancellationToken cancel)
    {
        var candidates = LabTransports.ToTry(options.Transport);
        Report.IsSealed = options.IsSealed;
        var isLarge = options.Hosts * Report.Shared.Sum(d => d.TotalBytes) > DemoLimits.JumboAboveBytes;
        var mtu = options.MtuBytes > 0 ? options.MtuBytes : isLarge ? LabLimits.JumboMtuBytes : LabLimits.MtuBytes;
        foreach (var candidate in candidates)
        {
            try
            {
                var lab = await DemoLab.StartAsync(candidate, plan, folder, options.IsSealed, mtu, cancel);
                Report.Take(lab);
                log.Step(
                    $"started {string.Join(", ", lab.Processes.Select(p => $"{p.Name} (pid {p.Id})"))}: "
                    + $"{candidate.Description}, {(options.IsSealed ? "sealed" : "not sealed")}, MTU {mtu}");
                log.Step($"the switch's control socket: {lab.SocketOf("switch")}");
                return lab;
            }
            catch (LabFailure e) when (candidate != candidates[^1] && LabTransports.IsReasonToTryNext(e))
            {
                log.Step($"{candidate.Description}: not possible here ({e.Message})");
            }
        }

        throw new LabFailure("no-transport", "no transport works here", "see the lines above");
    }

    private async Task UseAsync(DemoLab lab, CancellationToken cancel)
    {
        DemoHost[] hosts =
        [
            .. Enumerable.Range(1, options.Hosts).Select(n => new DemoHost(
                lab.Plan.Nodes[n], DemoPlan.VlanOf(n), DemoPlan.FunctionOf(n), lab.SocketOf(lab.Plan.Nodes[n]))),
        ];
        Report.Hosts.AddRange(hosts);
        await DaemonCalls.LinksUpAsync(lab.SocketOf("io"), cancel);
        log.Step($"all {hosts.Length} hosts have a link to the I/O box");
        var guest = await BootGuestAsync(lab, cancel);

        if (_capture is not null)
        {
            await _capture.RunAsync(lab.SocketOf("io"), hosts[0].Function, () => FirstUseAsync(lab, hosts[0], cancel), cancel);
            log.Step($"{hosts[0].Name}'s first use of {hosts[0].Function} is captured in {_capture.Path}");
        }

        await Task.WhenAll(hosts.Skip(_capture is null ? 0 : 1).Select(host => GiveAsync(lab, host, cancel)));
        log.Step($"{hosts[0].Name}'s tree:\n{Indent(await hosts[0].TreeAsync(cancel))}");
        await NoteAsync(lab, hosts, cancel);

        log.Step("all hosts at once: each reads what they share, and writes and reads back what is its own");
        var sharing = new DemoSharing(hosts, Report.Shared);
        Report.Sharing = sharing;
        await sharing.RunAsync(cancel);
        foreach (var host in hosts)
        {
            log.Step(
                $"{host.Name}: read {JsonText.Size(host.BytesRead)}, wrote {JsonText.Size(host.BytesWritten)}: "
                + (host.IsVerified ? "all of it is right" : "NOT all of it is right"));
        }

        log.Step($"moving {hosts[0].Function} from {hosts[0].Name} to {hosts[1].Name} while all work");
        var move = new DemoMove(hosts[0], hosts[1], hosts[1..], lab.SocketOf("io"));
        Report.Move = move;
        await move.RunAsync(cancel);
        await NoteAsync(lab, hosts, cancel);
        log.Step(
            $"moved: {move.OutageMs:0.0} ms without it, VLAN {move.Result.Cell("vlanBefore")} -> {move.Result.Cell("vlanAfter")}; "
            + $"{hosts[1].Name} {(move.IsVerified ? "found" : "did NOT find")} what {hosts[0].Name} wrote");

        if (options.PauseSeconds > 0)
        {
            log.Step($"pausing {options.PauseSeconds} s (--pause): now is the time to damage a backing file, or to cut a cable");
            await Task.Delay(TimeSpan.FromSeconds(options.PauseSeconds), cancel);
        }

        log.Step("every host that has a function reads everything a second time");
        await Task.WhenAll(hosts[1..].Select(host => SecondReadAsync(host, cancel)));
        if (guest is not null)
        {
            await guest.UseAsync(Report.Shared[0], log, cancel);
        }

        await CountAsync(lab, cancel);
        Report.IsComplete = true;
    }

    /// <summary>It boots while the hosts work.</summary>
    private async Task<DemoGuest?> BootGuestAsync(DemoLab lab, CancellationToken cancel)
    {
        if (lab.Plan.Guest is null)
        {
            return null;
        }

        var machine = await lab.StartGuestAsync(cancel);
        Report.Take(lab);
        var guest = new DemoGuest(machine, DemoPlan.FunctionOf(lab.Plan.Vfs), lab.SocketOf("io"));
        Report.Guest = guest;
        guest.Boot(cancel);
        log.Step($"{guest.Name}, a virtual machine of stock Linux, boots meanwhile");
        return guest;
    }

    /// <summary>A private namespace, then the function: the host finds it there when it plugs it in.</summary>
    private async Task GiveAsync(DemoLab lab, DemoHost host, CancellationToken cancel)
    {
        var made = await BoxAsync(
            lab, $"making a private namespace for {host.Name}", "namespace.create",
            new JsonObject { ["device"] = DemoPlan.Device, ["bytes"] = DemoLimits.PrivateBytes, ["host"] = host.Name }, cancel);
        host.Private = new PrivateDisk((int)made.Count("id"));
        await BoxAsync(
            lab, $"attaching {host.Function} to {host.Name}", "attach", new JsonObject { ["function"] = host.Function, ["host"] = host.Name }, cancel);
        var found = await host.WaitForAsync(host.Function, cancel);
        log.Step(
            $"{host.Name}: {host.Function} was plugged in and is {found.Cell("disk")} at {found.Cell("bdf")}, with private namespace {host.Private.Id}");
    }

    private async Task FirstUseAsync(DemoLab lab, DemoHost host, CancellationToken cancel)
    {
        await GiveAsync(lab, host, cancel);
        await host.ReadAsync(host.Function, Report.Shared[0].Id, SharedDisk.BlockBytes, 0, cancel);
    }

    private async Task SecondReadAsync(DemoHost host, CancellationToken cancel)
    {
        foreach (var disk in Report.Shared)
        {
            await host.CheckAsync("second full read", disk, cancel);
        }

        await host.CheckAsync("its own namespace at the end", host.Function, host.Private!, cancel);
    }

    private static Task<JsonObject> BoxAsync(DemoLab lab, string what, string command, JsonObject arguments, CancellationToken cancel) =>
        DaemonCalls.CallAsync(lab.SocketOf("io"), what, command, arguments, cancel);

    private async Task NoteAsync(DemoLab lab, DemoHost[] hosts, CancellationToken cancel)
    {
        var box = await BoxAsync(lab, "asking the I/O box", "ls", [], cancel);
        foreach (var host in hosts)
        {
            host.Note(box);
        }

        Report.Device = box.Objects("devices").FirstOrDefault(d => d.Cell("name") == DemoPlan.Device);
    }

    private async Task CountAsync(DemoLab lab, CancellationToken cancel)
    {
        foreach (var node in lab.Plan.Nodes)
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
    private static async Task WatchAsync(DemoLab lab, CancellationTokenSource alive)
    {
        await Task.WhenAny(lab.Processes.Select(p => p.EndedAsync(alive.Token)));
        if (lab.Processes.Any(p => p.EndedUnasked))
        {
            await alive.CancelAsync();
        }
    }

    private static LabFailure? DeadProcess(DemoLab lab) => lab.Processes.FirstOrDefault(p => p.EndedUnasked) is { } dead
        ? new LabFailure(
            "daemon-ended", $"{dead.Name} (pid {dead.Id}) ended during the run, exit code {dead.ExitCode}: {dead.LastWords()}", "it must run to the end")
        : null;

    /// <summary>Adds to a failure what the I/O box says about the links.</summary>
    private static async Task<LabFailure> ExplainAsync(DemoLab lab, LabFailure failure)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = await ControlClient.ConnectAsync(lab.SocketOf("io"), limit.Token);
            var box = await client.CallAsync("ls", cancel: limit.Token);
            var lost = box.Objects("hosts").Where(h => h.Cell("link") != "up").Select(h => $"{h.Cell("name")} ({h.Cell("link")})").ToList();
            return lost.Count == 0
                ? failure
                : new LabFailure(
                    "link-lost", $"no frames come from {string.Join(" and ", lost)} any more; {failure.Message}", "was the network cut, or a process stopped?");
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException)
        {
            return failure;
        }
    }

    private static string Indent(string text) => string.Join('\n', text.TrimEnd().Split('\n').Select(line => "          " + line));
}
