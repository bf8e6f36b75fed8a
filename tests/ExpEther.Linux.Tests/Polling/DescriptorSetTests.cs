using ExpEther.Linux.Polling;

namespace ExpEther.Linux.Tests.Polling;

public class DescriptorSetTests
{
    [Fact]
    public void A_set_is_readable_while_one_of_it_is_and_stays_the_same_descriptor()
    {
        using var set = new DescriptorSet();
        using var first = new EventFd();
        using var second = new EventFd();
        var poller = new Poller();
        poller.Add(set.FileDescriptor, PollEvents.Readable);
        set.Add(first.FileDescriptor, PollEvents.Readable);
        set.Add(second.FileDescriptor, PollEvents.Readable);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));

        second.Set();
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        set.Change(second.FileDescriptor, PollEvents.None);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        set.Change(second.FileDescriptor, PollEvents.Readable);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        set.Remove(second.FileDescriptor);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        first.Set();
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void Watching_a_descriptor_twice_is_told()
    {
        using var set = new DescriptorSet();
        using var wake = new EventFd();
        set.Add(wake.FileDescriptor, PollEvents.Readable);
        Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => set.Add(wake.FileDescriptor, PollEvents.Readable)).Error);
    }

    [Fact]
    public void One_look_tells_which_of_a_hundred_have_something_and_keeps_none_from_its_turn()
    {
        using var set = new DescriptorSet();
        var events = Enumerable.Range(0, 100).Select(_ => new EventFd()).ToArray();
        foreach (var (place, wake) in events.Index())
        {
            set.Add(wake.FileDescriptor, PollEvents.Readable, place);
        }

        var ready = new bool[events.Length];
        Assert.False(set.Look(ready));
        Assert.DoesNotContain(true, ready);
        events[3].Set();
        events[99].Set();
        Assert.True(set.Look(ready));
        Assert.Equal([3, 99], ready.Index().Where(r => r.Item).Select(r => r.Index));

        Array.ForEach(events, e => e.Set());
        set.Look(ready);
        set.Look(ready);
        Assert.DoesNotContain(false, ready);
        Array.ForEach(events, e => e.Dispose());
    }
}
