using ExpEther.Core.Time;
using ExpEther.Simulation.Network;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// What goes wrong, and when, as the seed has it; until it is told to mend everything. Media fail, paths shrink and
/// namespaces change by generators and at times of their own.
/// </summary>
internal sealed class FaultPlan(FabricRun run, SeededRandom random, SeededRandom media, SeededRandom pathRandom, SeededRandom sharing)
{
    private readonly PoolRot _rot = new(run.RandomFor("pool rot"));
    private readonly SeededRandom _kills = run.RandomFor("kills");
    private readonly HostResets _resets = new(run, run.RandomFor("host resets"));
    private readonly SeededRandom _attack = run.RandomFor("times of attacks");
    private readonly PriorityQueue<Action<Instant>, (long At, long Order)> _due = new();
    private long _order;
    private bool _isOver;

    public Instant? NextDeadline => _due.TryPeek(out _, out var next) ? new Instant(next.At) : null;

    public void Begin(Instant now)
    {
        Later(now, 500, Strike);
        Later(now, 700, StrikeMedia);
        if (run.Paths.IsNarrow)
        {
            ShrinkLater(now);
        }

        if (run.Network.Attacker is { } attacker)
        {
            AttackLater(attacker, now);
        }

        if (run.HasSharing)
        {
            Later(now, 600, StrikeSharing);
        }
    }

    public void RunDue(Instant now)
    {
        while (_due.TryPeek(out _, out var next) && next.At <= now.Nanoseconds)
        {
            _due.Dequeue()(now);
        }
    }

    /// <summary>Everything is mended and stays so: cables, network, machines.</summary>
    public void Mend(Instant now)
    {
        _isOver = true;
        _due.Clear();
        run.Trace.Add("! all is mended");
        run.Network.Conditions = NetworkConditions.Good;
        run.Network.Attacker?.Stop(now);
        run.Paths.Mend();
        foreach (var station in run.Stations)
        {
            station.IsCut = false;
            if (!station.IsUp)
            {
                station.Start(now);
            }
        }

        foreach (var disk in run.Boxes.SelectMany(b => b.AllDisks))
        {
            disk.Slowness = 0;
            disk.MediaErrors = 0;
        }
    }

    private void Later(Instant now, int milliseconds, Action<Instant> what) =>
        _due.Enqueue(what, ((now + TimeSpan.FromMilliseconds(milliseconds)).Nanoseconds, _order++));

    private void AttackLater(Attacker attacker, Instant now) => Later(now, 1 + _attack.Next(900), at =>
    {
        attacker.Strike(at);
        AttackLater(attacker, at);
    });

    private void Strike(Instant now)
    {
        if (_isOver)
        {
            return;
        }

        Later(now, 100 + random.Next(1600), Strike);
        switch (random.Next(20))
        {
            case < 5:
                ChangeWeather();
                break;
            case < 8:
                Cut(run.Stations[random.Next(run.Stations.Count)], now);
                break;
            case < 10:
                CrashBox(run.Boxes[random.Next(run.Boxes.Count)], now);
                break;
            case < 12:
                CrashHost(run.Hosts[random.Next(run.Hosts.Count)], now);
                break;
            case < 13:
                run.Count("slowDisk");
                var box = run.Boxes[random.Next(run.Boxes.Count)];
                box.AllDisks[random.Next(box.AllDisks.Count)].Slowness = random.Chance(0.5) ? 0 : 0.2;
                break;
            default:
                run.Operator.Command(now);
                break;
        }
    }

    /// <summary>A disk's media begin to fail, seldom or often, or are well again.</summary>
    private void StrikeMedia(Instant now)
    {
        if (_isOver)
        {
            return;
        }

        Later(now, 500 + media.Next(6000), StrikeMedia);
        var box = run.Boxes[media.Next(run.Boxes.Count)];
        var disk = box.AllDisks[media.Next(box.AllDisks.Count)];
        disk.MediaErrors = media.Chance(0.5) ? 0 : media.Chance(0.8) ? 0.02 : 0.3;
        if (!box.IsReady && disk == box.Shared?.Pool)
        {
            // A pool that cannot be read when its box starts is none, until somebody mends that and starts the box again.
            disk.MediaErrors = 0;
        }

        run.Trace.Add($"! {disk.Name}: one of {(disk.MediaErrors > 0 ? 1 / disk.MediaErrors : double.PositiveInfinity):F0} requests fails");
    }

    /// <summary>What people and hosts do where devices are shared.</summary>
    private void StrikeSharing(Instant now)
    {
        if (_isOver)
        {
            return;
        }

        Later(now, 100 + sharing.Next(2000), StrikeSharing);
        if (sharing.Chance(0.3))
        {
            _resets.Strike();
        }
        else
        {
            run.NamespaceOperator.Command(now);
        }
    }

    private void ChangeWeather()
    {
        var worst = random.Chance(0.3) ? 0 : random.Chance(0.7) ? 0.02 : 0.2;
        run.Network.Conditions = new NetworkConditions
        {
            Loss = Some(worst),
            Duplication = Some(worst),
            Corruption = Some(worst),
            Reordering = Some(worst),
            VlanFlip = Some(worst),
            Delay = TimeSpan.FromMicroseconds(10 + random.Next(random.Chance(0.1) ? 5000 : 100)),
            Jitter = TimeSpan.FromMicroseconds(random.Chance(0.3) ? random.Next(2000) : 0),
            HoldMax = TimeSpan.FromMilliseconds(1 + random.Next(20)),
        };
        run.Count("weather");
        run.Trace.Add($"! weather: {run.Network.Conditions}");
    }

    private double Some(double worst) => random.Chance(0.5) ? 0 : worst * random.Next(1000) / 1000.0;

    private void Cut(Station station, Instant now)
    {
        if (station.IsCut)
        {
            return;
        }

        // Mostly shorter than the link's death, sometimes longer.
        var milliseconds = random.Chance(0.7) ? 1 + random.Next(3000) : 3000 + random.Next(5000);
        run.Count("partition");
        run.Trace.Add($"! {station.Name} is cut off for {milliseconds} ms");
        station.IsCut = true;
        Later(now, milliseconds, _ =>
        {
            station.IsCut = false;
            run.Trace.Add($"! {station.Name} is connected again");
        });
    }

    private void ShrinkLater(Instant now) => Later(now, 2000 + pathRandom.Next(15_000), at =>
    {
        var (from, to) = (run.Stations[pathRandom.Next(run.Stations.Count)], run.Stations[pathRandom.Next(run.Stations.Count)]);
        run.Paths.Shrink(from.Number, to.Number);
        run.Count("pathShrinks");
        run.Trace.Add($"! from {from.Name} to {to.Name} frames of {run.Paths.Of(from.Number, to.Number)} bytes pass");
        if (pathRandom.Chance(0.3))
        {
            Later(at, pathRandom.Next(6000), _ => run.Paths.Mend());
        }

        ShrinkLater(at);
    });

    private void CrashBox(BoxStation box, Instant now)
    {
        if (!box.IsUp)
        {
            return;
        }

        var losesState = random.Chance(0.2);
        var isOrderly = !losesState && random.Chance(0.2);
        var isKill = !losesState && !isOrderly && _kills.Chance(0.5);
        run.Count(isOrderly ? "boxStop" : losesState ? "boxCrashWithoutState" : isKill ? "boxKill" : "boxCrash");
        run.Trace.Add($"! {box.Name} {(isOrderly ? "stops" : losesState ? "crashes and loses its state" : isKill ? "is killed" : "crashes")}");
        run.Operator.OnCrash(box, losesState);
        run.NamespaceOperator.OnCrash(box, losesState);
        if (isOrderly)
        {
            box.Close(now);
        }
        else if (isKill)
        {
            box.Kill();
        }
        else
        {
            box.Crash(losesState);
        }

        if (box.Shared is { } shared && _rot.Strike(shared.Pool) is { Length: > 0 } rot)
        {
            run.Count("poolRot");
            run.Trace.Add($"! {shared.Name}: {rot} changes");
        }

        StartAgain(box, now);
    }

    private void CrashHost(HostStation host, Instant now)
    {
        if (!host.IsUp)
        {
            return;
        }

        var isOrderly = random.Chance(0.2);
        run.Count(isOrderly ? "hostStop" : "hostCrash");
        run.Trace.Add($"! {host.Name} {(isOrderly ? "stops" : "crashes")}");
        if (isOrderly)
        {
            host.Close(now);
        }
        else
        {
            host.Crash();
        }

        StartAgain(host, now);
    }

    private void StartAgain(Station station, Instant now) => Later(now, random.Chance(0.5) ? 1 + random.Next(200) : random.Next(7000), at =>
    {
        run.Trace.Add($"! {station.Name} starts again");
        station.Start(at);
    });
}
