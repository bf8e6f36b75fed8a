using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;

namespace ExpEther.RootComplex.Tests.Fabric;

/// <summary>A root complex, what is wired below it, and an owner loop in virtual time.</summary>
internal sealed class TestHost
{
    private readonly TlpWire _wire;
    private readonly IPcieDevice _below;

    public TestHost(IPcieDevice below, RootComplexOptions? options = null)
    {
        _below = below;
        Root = new HostRootComplex(options ?? new RootComplexOptions { MemoryBytes = 1 << 20 }, Scheduler, Events);
        _wire = new TlpWire(Root, below);
    }

    public OwnerScheduler Scheduler { get; } = new();

    public CollectedEvents Events { get; } = new();

    public HostRootComplex Root { get; }

    public Instant Now { get; private set; } = Instant.Zero;

    /// <summary>Lets everything happen that can happen without time passing.</summary>
    public void Settle()
    {
        for (var turn = 0; turn < 100_000; turn++)
        {
            Scheduler.Advance(Now);
            var busy = Scheduler.RunReady() > 0;
            busy |= _wire.Pump(Now, 64);
            busy |= Root.Poll(Now);
            busy |= _below.Poll(Now);
            busy |= _wire.Pump(Now, 64);
            if (!busy && !Scheduler.HasReady)
            {
                return;
            }
        }

        Assert.Fail("never comes to rest");
    }

    /// <summary>Lets virtual time pass, stopping at every deadline.</summary>
    public void Pass(TimeSpan span)
    {
        var end = Now + span;
        Settle();
        while (Next() is { } next && next < end)
        {
            Now = next > Now ? next : Now;
            Settle();
        }

        Now = end;
        Settle();
    }

    /// <summary>Runs a sequence to its end; virtual time passes as it must, at most <paramref name="limit"/>.</summary>
    public T Run<T>(Func<Task<T>> sequence, TimeSpan? limit = null)
    {
        var task = Scheduler.Run(sequence);
        var end = Now + (limit ?? TimeSpan.FromMinutes(2));
        Settle();
        while (!task.IsCompleted && Next() is { } next && next <= end)
        {
            Now = next > Now ? next : Now;
            Settle();
        }

        Assert.True(task.IsCompleted, "the sequence did not end");
        return task.GetAwaiter().GetResult();
    }

    public void Run(Func<Task> sequence) => Run(async () =>
    {
        await sequence();
        return 0;
    });

    private Instant? Next() => Instant.Earliest(Instant.Earliest(Scheduler.NextDeadline, Root.NextDeadline), _below.NextDeadline);
}
