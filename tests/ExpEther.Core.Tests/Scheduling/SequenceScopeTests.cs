using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;

namespace ExpEther.Core.Tests;

public class SequenceScopeTests
{
    private readonly OwnerScheduler _scheduler = new();
    private readonly List<string> _failures = [];
    private readonly SequenceScope _scope;

    public SequenceScopeTests() => _scope = new SequenceScope(_scheduler, e =>
    {
        _failures.Add(e.Message);
        return true;
    });

    [Fact]
    public void What_a_scope_s_sequence_throws_is_the_scope_s_and_others_run_on()
    {
        var others = 0;
        _scope.Start(() => throw new InvalidOperationException("at once"));
        _scope.Start(async () =>
        {
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            throw new InvariantException("later");
        });
        _scheduler.Start(async () =>
        {
            others++;
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            others++;
        });

        Run();

        Assert.Equal(["at once", "later"], _failures);
        Assert.Equal(2, others);
    }

    [Fact]
    public void What_is_started_from_a_sequence_or_while_a_scope_is_entered_is_the_scope_s()
    {
        _scope.Start(async () =>
        {
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            _scheduler.Start(() => throw new InvalidOperationException("from a sequence"));
            _scheduler.Post(_ => throw new InvalidOperationException("posted"), null);
        });
        _scope.Enter();
        _scheduler.Start(() => throw new InvalidOperationException("entered"));
        SequenceScope.Leave();

        Run();

        Assert.Equal(["entered", "from a sequence", "posted"], _failures);
    }

    /// <summary>Who completes what a sequence awaits is not who is to blame for what it does then.</summary>
    [Fact]
    public void A_sequence_goes_on_in_its_own_scope_also_when_another_scope_wakes_it()
    {
        var signal = new OwnerSignal(_scheduler);
        _scheduler.Start(async () =>
        {
            await signal.Next(Instant.Never);
            throw new InvalidOperationException("of no scope");
        });
        _scheduler.RunReady();
        _scope.Start(() =>
        {
            signal.Set();
            return Task.CompletedTask;
        });

        var thrown = Assert.Throws<InvalidOperationException>(Run);

        Assert.Equal("of no scope", thrown.Message);
        Assert.Empty(_failures);
    }

    [Fact]
    public void A_result_that_is_awaited_elsewhere_brings_its_exception_there_whatever_it_is()
    {
        string? seen = null;
        _scheduler.Start(async () =>
        {
            try
            {
                await _scope.Run<int>(() => throw new InvariantException("a bug"));
            }
            catch (InvariantException e)
            {
                seen = e.Message;
            }
        });

        Run();

        Assert.Equal("a bug", seen);
        Assert.Empty(_failures);
    }

    private void Run()
    {
        for (var i = 0; i < 5; i++)
        {
            _scheduler.RunReady();
            _scheduler.Advance(_scheduler.Now + TimeSpan.FromMilliseconds(1));
        }
    }
}
