using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Linux.Tests.Polling;

public class PollerTests
{
    [Fact]
    public void An_event_set_by_another_thread_ends_the_wait()
    {
        using var wake = new EventFd();
        var poller = new Poller();
        poller.Add(wake.FileDescriptor, PollEvents.Readable);
        var thread = new Thread(wake.Set);
        thread.Start();

        Assert.Equal(1, poller.Wait((TimeSpan?)null));
        Assert.Equal(PollEvents.Readable, poller.Ready(wake.FileDescriptor));
        thread.Join();
        Assert.True(wake.Clear());
        Assert.False(wake.Clear());
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void A_timeout_is_waited_for_to_the_nanosecond_at_least()
    {
        var poller = new Poller();
        var start = MonotonicClock.Now;
        Assert.Equal(0, poller.Wait(200_000L));
        Assert.True(MonotonicClock.Now.Nanoseconds - start.Nanoseconds >= 200_000);
    }

    [Fact]
    public void Removing_one_of_several_descriptors_leaves_the_others_watched()
    {
        using var first = new EventFd();
        using var second = new EventFd();
        using var third = new EventFd();
        var poller = new Poller();
        foreach (var each in new[] { first, second, third })
        {
            poller.Add(each.FileDescriptor, PollEvents.Readable);
            each.Set();
        }

        poller.Remove(first.FileDescriptor);
        Assert.Equal(2, poller.Wait(TimeSpan.Zero));
        Assert.Equal(PollEvents.None, poller.Ready(first.FileDescriptor));
        Assert.Equal(PollEvents.Readable, poller.Ready(second.FileDescriptor));
        Assert.Equal(PollEvents.Readable, poller.Ready(third.FileDescriptor));

        poller.Change(third.FileDescriptor, PollEvents.None);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        Assert.Equal(PollEvents.None, poller.Ready(third.FileDescriptor));
    }

    [Fact]
    public void Waiting_allocates_nothing()
    {
        using var wake = new EventFd();
        var poller = new Poller();
        poller.Add(wake.FileDescriptor, PollEvents.Readable);
        wake.Set();
        poller.Wait(TimeSpan.Zero);
        Assert.Equal(0, Allocations.FewestOf(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                poller.Wait(0L);
            }
        }));
    }

    [Fact]
    public void A_stop_can_be_requested_and_stays_requested()
    {
        using var stop = new StopSignal();
        var poller = new Poller();
        poller.Add(stop.FileDescriptor, PollEvents.Readable);
        Assert.False(stop.IsRequested);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));

        stop.Request();
        Assert.True(stop.IsRequested);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
    }
}
