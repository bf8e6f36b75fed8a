using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;

namespace ExpEther.Core.Tests;

public class OwnerSchedulerTests
{
    private readonly OwnerScheduler _scheduler = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Sequences_run_in_the_order_they_were_started_and_only_when_asked()
    {
        _scheduler.Start(() => Say("a"));
        _scheduler.Start(() => Say("b"));
        Assert.Empty(_log);
        Assert.True(_scheduler.HasReady);
        Assert.Equal(2, _scheduler.RunReady());
        Assert.Equal(["a", "b"], _log);
        Assert.False(_scheduler.HasReady);
        Assert.Equal(0, _scheduler.RunReady());
    }

    [Fact]
    public void Budget_leaves_the_rest_for_the_next_turn()
    {
        for (var i = 0; i < 3; i++)
        {
            var name = $"{i}";
            _scheduler.Start(() => Say(name));
        }

        Assert.Equal(2, _scheduler.RunReady(2));
        Assert.Equal(["0", "1"], _log);
        Assert.Equal(1, _scheduler.RunReady(2));
        Assert.Equal(["0", "1", "2"], _log);
    }

    [Fact]
    public void Two_sequences_that_yield_take_turns()
    {
        foreach (var name in new[] { "a", "b" })
        {
            _scheduler.Start(async () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    _log.Add(name + i);
                    await Task.Yield();
                }
            });
        }

        _scheduler.RunReady();
        Assert.Equal(["a0", "b0", "a1", "b1", "a2", "b2"], _log);
    }

    [Fact]
    public void Delay_ends_at_its_time_not_before_and_timers_of_one_time_in_order()
    {
        _scheduler.Advance(At(100));
        _scheduler.Start(async () =>
        {
            await _scheduler.Delay(TimeSpan.FromMilliseconds(5));
            _log.Add($"late at {_scheduler.Now}");
        });
        foreach (var name in new[] { "a", "b", "c" })
        {
            _scheduler.Start(async () =>
            {
                await _scheduler.Until(At(103));
                _log.Add(name);
            });
        }

        _scheduler.RunReady();
        Assert.Equal(At(103), _scheduler.NextDeadline);
        Turn(102);
        Assert.Empty(_log);
        Turn(103);
        Assert.Equal(["a", "b", "c"], _log);
        Assert.Equal(At(105), _scheduler.NextDeadline);
        Turn(200);
        Assert.Equal("late at 0.200000s", _log[^1]);
        Assert.Null(_scheduler.NextDeadline);
    }

    [Fact]
    public void Deadline_that_has_passed_ends_at_the_next_advance()
    {
        _scheduler.Advance(At(100));
        _scheduler.Start(async () =>
        {
            await _scheduler.Until(At(50));
            _log.Add("done");
        });
        _scheduler.RunReady();
        Assert.Empty(_log);
        Turn(100);
        Assert.Equal(["done"], _log);
    }

    [Fact]
    public void Time_never_runs_backwards()
    {
        _scheduler.Advance(At(100));
        Assert.Throws<InvariantException>(() => _scheduler.Advance(At(99)));
    }

    [Fact]
    public void Exception_of_started_work_surfaces_in_RunReady()
    {
        _scheduler.Start(async () =>
        {
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            throw new InvalidOperationException("a bug");
        });
        _scheduler.Start(() => throw new InvalidOperationException("at once"));
        Assert.Equal("at once", Assert.Throws<InvalidOperationException>(() => _scheduler.RunReady()).Message);
        Assert.Null(SynchronizationContext.Current);
        _scheduler.RunReady();
        _scheduler.Advance(At(1));
        Assert.Equal("a bug", Assert.Throws<InvalidOperationException>(() => _scheduler.RunReady()).Message);
        Assert.Equal(0, _scheduler.RunReady());
    }

    [Fact]
    public void Result_and_exception_of_Run_belong_to_whoever_awaits()
    {
        _scheduler.Start(async () =>
        {
            _log.Add(await _scheduler.Run(async () =>
            {
                await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
                return "result";
            }));
            try
            {
                await _scheduler.Run<int>(() => throw new InvalidOperationException("handed over"));
            }
            catch (InvalidOperationException e)
            {
                _log.Add(e.Message);
            }
        });
        _scheduler.RunReady();
        Turn(1);
        Assert.Equal(["result", "handed over"], _log);
    }

    [Fact]
    public void Broken_invariant_in_Run_surfaces_in_RunReady_whoever_awaits()
    {
        _ = _scheduler.Run<int>(() => throw new InvariantException("broken"));
        Assert.Throws<InvariantException>(() => _scheduler.RunReady());
    }

    [Fact]
    public void Everything_runs_on_the_callers_thread()
    {
        var threads = new HashSet<int>();
        var signal = new OwnerSignal(_scheduler);
        var set = false;
        void Here() => threads.Add(Environment.CurrentManagedThreadId);
        _scheduler.Start(async () =>
        {
            Here();
            await Task.Yield();
            Here();
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            Here();
            await signal.WaitUntil(() => set, TimeSpan.FromSeconds(1));
            Here();
            Assert.Equal(7, await _scheduler.Run(async () =>
            {
                await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
                Here();
                return 7;
            }));
            Here();
            _log.Add("end");
        });
        _scheduler.RunReady();
        Turn(1);
        set = true;
        signal.Set();
        _scheduler.RunReady();
        Turn(2);

        // Had any step hopped to another thread, it would not have run inside these calls.
        Assert.Equal(["end"], _log);
        Assert.Equal([Environment.CurrentManagedThreadId], threads);
    }

    [Fact]
    public void Continuation_never_runs_inside_the_call_that_completes_it()
    {
        _scheduler.Start(async () =>
        {
            await _scheduler.Delay(TimeSpan.FromMilliseconds(1));
            _log.Add("woken");
        });
        _scheduler.RunReady();
        _scheduler.Advance(At(1));
        Assert.Empty(_log);
        Assert.True(_scheduler.HasReady);
        _scheduler.RunReady();
        Assert.Equal(["woken"], _log);
    }

    [Fact]
    public void Blocking_on_the_scheduler_is_a_bug() => Assert.Throws<InvariantException>(() => _scheduler.Send(_ => { }, null));

    private static Instant At(long milliseconds) => Instant.Zero + TimeSpan.FromMilliseconds(milliseconds);

    private Task Say(string what)
    {
        _log.Add(what);
        return Task.CompletedTask;
    }

    private void Turn(long milliseconds)
    {
        _scheduler.Advance(At(milliseconds));
        _scheduler.RunReady();
    }
}
