using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;

namespace ExpEther.Core.Tests;

public class OwnerSignalTests
{
    private readonly OwnerScheduler _scheduler = new();
    private readonly OwnerSignal _signal;
    private readonly List<string> _log = [];

    public OwnerSignalTests() => _signal = new OwnerSignal(_scheduler);

    [Fact]
    public void Wakes_all_who_wait_once_in_order()
    {
        Wait("a", 100);
        Wait("b", 100);
        _scheduler.RunReady();
        _signal.Set();
        _signal.Set();
        Assert.Empty(_log);
        _scheduler.RunReady();
        Assert.Equal(["a True", "b True"], _log);
    }

    [Fact]
    public void Signal_with_no_waiter_is_not_remembered()
    {
        _signal.Set();
        Wait("a", 5);
        Turn(4);
        Assert.Empty(_log);
        Turn(5);
        Assert.Equal(["a False"], _log);
    }

    [Fact]
    public void Timeout_and_signal_in_one_turn_wake_once()
    {
        Wait("a", 5);
        _scheduler.RunReady();
        _scheduler.Advance(At(5));
        _signal.Set();
        _scheduler.RunReady();
        Assert.Equal(["a False"], _log);
        Wait("b", 9);
        _scheduler.RunReady();
        _signal.Set();
        Turn(9);
        Assert.Equal(["a False", "b True"], _log);
    }

    [Fact]
    public void WaitUntil_looks_at_the_condition_at_once_and_after_each_signal()
    {
        var value = 0;
        var looks = 0;
        bool Enough()
        {
            looks++;
            return value >= 2;
        }

        _scheduler.Start(async () => _log.Add($"{await _signal.WaitUntil(Enough, TimeSpan.FromMilliseconds(10))}"));
        _scheduler.RunReady();
        for (value = 1; value <= 2; value++)
        {
            _signal.Set();
            _scheduler.RunReady();
        }

        Assert.Equal(["True"], _log);
        Assert.Equal(3, looks);
        _scheduler.Start(async () => _log.Add($"{await _signal.WaitUntil(() => true, TimeSpan.Zero)}"));
        _scheduler.RunReady();
        Assert.Equal(["True", "True"], _log);
    }

    [Fact]
    public void WaitUntil_gives_up_at_its_timeout_however_often_it_was_signalled()
    {
        _scheduler.Start(async () => _log.Add($"{await _signal.WaitUntil(() => false, TimeSpan.FromMilliseconds(10))} at {_scheduler.Now}"));
        for (var ms = 0; ms < 10; ms++)
        {
            Turn(ms);
            _signal.Set();
        }

        _scheduler.RunReady();
        Assert.Empty(_log);
        Turn(10);
        Assert.Equal(["False at 0.010000s"], _log);
    }

    [Fact]
    public void Timers_of_waiters_that_were_woken_do_not_pile_up()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Wait("a", 30_000);
            _scheduler.RunReady();
            _signal.Set();
            _scheduler.RunReady();
        }

        Assert.Equal(10_000, _log.Count);
        Assert.InRange(_scheduler.TimerCount, 0, 128);
        Assert.Null(_scheduler.NextDeadline);
        Assert.Equal(0, _scheduler.TimerCount);
    }

    private static Instant At(long milliseconds) => Instant.Zero + TimeSpan.FromMilliseconds(milliseconds);

    private void Wait(string name, long until) => _scheduler.Start(async () => _log.Add($"{name} {await _signal.Next(At(until))}"));

    private void Turn(long milliseconds)
    {
        _scheduler.Advance(At(milliseconds));
        _scheduler.RunReady();
    }
}
