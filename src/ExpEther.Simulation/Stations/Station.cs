using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Simulation.Network;

namespace ExpEther.Simulation.Stations;

/// <summary>
/// A machine of the fabric: a process on a cable. Each life of the process has a scheduler of its own, so that a crash leaves nothing behind
/// that still runs. It is run when a frame has come in, when something it started is ready, and when its deadline has passed.
/// </summary>
internal abstract class Station(FabricRun run, int number, string name, MacAddress mac) : NetworkStation(number, mac)
{
    private readonly byte[] _frame = new byte[FrameBytesMax];

    public string Name { get; } = name;

    public OwnerScheduler Scheduler { get; private set; } = new();

    public bool IsUp { get; private set; }

    /// <summary>When it is to be run next.</summary>
    public Instant Next { get; private set; }

    protected FabricRun Run { get; } = run;

    /// <summary>To be run in this very turn.</summary>
    public void Wake() => Next = Instant.Zero;

    public void Start(Instant now)
    {
        Check.That(!IsUp);
        Scheduler = new OwnerScheduler();
        Scheduler.Advance(now);
        IsUp = true;
        OnStart(now);
        Wake();
    }

    /// <summary>The process ends without a word.</summary>
    public void Crash()
    {
        Check.That(IsUp);
        IsUp = false;
        Next = Instant.Never;
        OnCrash();
    }

    public override void Receive(in ReceivedFrame frame, Instant now)
    {
        if (IsUp)
        {
            Scheduler.Advance(now);
            OnFrame(frame, now);
            Wake();
        }
    }

    /// <summary>Does all there is to do at this instant.</summary>
    public void Turn(Instant now)
    {
        Scheduler.Advance(now);
        for (var turns = 0; TurnOnce(now); turns++)
        {
            if (turns == SimulationLimits.TurnsMax)
            {
                throw new SimulationFailure($"{Name} goes on for ever at one instant");
            }
        }

        var soonest = now + TimeSpan.FromMicroseconds(1);
        var next = Instant.Earliest(Scheduler.NextDeadline, Deadline) ?? Instant.Never;
        Next = next > soonest ? next : soonest;
    }

    protected abstract Instant? Deadline { get; }

    protected abstract void OnStart(Instant now);

    protected abstract void OnCrash();

    protected abstract void OnFrame(in ReceivedFrame frame, Instant now);

    protected abstract bool Poll(Instant now);

    protected abstract bool TryTakeFrame(Instant now, Span<byte> into, out int written);

    private bool TurnOnce(Instant now)
    {
        var busy = Scheduler.RunReady() > 0;
        busy |= Poll(now);
        while (TryTakeFrame(now, _frame, out var length))
        {
            busy = true;
            Run.Network.Send(this, _frame.AsSpan(0, length), now);
        }

        return busy;
    }
}
