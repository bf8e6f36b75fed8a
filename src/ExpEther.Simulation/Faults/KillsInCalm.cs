using ExpEther.Nvme.Driver;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// On a whole fabric a box's process is killed, or stopped, and starts again before its hosts give it up: no command fails, no disk goes, and
/// what hosts wait for is the time that the box was away and a little more. Interrupts come as before: what the host had written into MSI-X tables is
/// there again.
/// </summary>
internal sealed class KillsInCalm(FabricRun run, SeededRandom random)
{
    private static readonly TimeSpan MomentsAfter = TimeSpan.FromSeconds(2);

    /// <summary>Commands that the watch of a disk may find ended while their interrupts are on their way.</summary>
    private const long RacingMax = 2;

    /// <summary>How much longer than in calm a command may take.</summary>
    public TimeSpan PauseMax { get; private set; }

    public void Strike(Action<TimeSpan> pass, Action<Func<bool>, TimeSpan, string> until)
    {
        var kills = 1 + random.Next(2);
        PauseMax = kills * (SimulationLimits.LinkDead + MomentsAfter);
        for (; kills > 0; kills--)
        {
            var box = run.Boxes[random.Next(run.Boxes.Count)];
            var disks = Disks();
            run.Count("calmKill");
            run.Trace.Add($"! {box.Name} is killed in calm");
            run.Operator.OnCrash(box, losesState: false);
            run.NamespaceOperator.OnCrash(box, losesState: false);
            box.Kill();
            pass(TimeSpan.FromMilliseconds(1 + random.Next((int)SimulationLimits.LinkDead.TotalMilliseconds - 1000)));
            run.Trace.Add($"! {box.Name} starts again");
            box.Start(run.Trace.Now);
            until(() => IsBack(box), SimulationLimits.LinkDead + MomentsAfter, $"{box.Name} is back and its functions are not");
            pass(MomentsAfter);
            var before = disks.Select(d => d.Disk.Ended).ToList();
            pass(MomentsAfter);
            foreach (var ((host, disk), was) in disks.Zip(before))
            {
                CheckInterrupts(host, disk, was);
            }

            if (!disks.SequenceEqual(Disks()))
            {
                throw new SimulationFailure($"a disk went, although {box.Name} was back in time");
            }
        }
    }

    private static void CheckInterrupts(string host, NvmeDisk disk, (long ByInterrupt, long WithoutInterrupt) before)
    {
        var (byInterrupt, without) = (disk.Ended.ByInterrupt - before.ByInterrupt, disk.Ended.WithoutInterrupt - before.WithoutInterrupt);
        if (without > RacingMax && without > byInterrupt)
        {
            throw new SimulationFailure($"{host}: {disk.SerialNumber}: {without} commands ended without an interrupt, and {byInterrupt} with one");
        }
    }

    private List<(string Host, NvmeDisk Disk)> Disks() =>
        [.. run.Hosts.SelectMany(h => h.Nvme.Disks.Where(d => d.IsUsable).Select(d => (h.Name, d))).OrderBy(d => d.Item2.SerialNumber, StringComparer.Ordinal)];

    private static bool IsBack(BoxStation box) =>
        box.IsReady && box.Bridge.Status().Functions.All(f => f.State == Bridge.Io.Functions.FunctionState.Presented && f.BusMasterEnable);
}
