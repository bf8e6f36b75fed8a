using System.Diagnostics;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Daemon.Ownership;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.Tests.State;

/// <summary>State on a disk that is full, or can only be read: a small tmpfs of the test's own.</summary>
public sealed class StateDiskTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly string _disk;

    public StateDiskTests()
    {
        _disk = _scratch.File("disk");
        Directory.CreateDirectory(_disk);
        Tool.Run("mount", "-v", "-t", "tmpfs", "-o", "size=64k", "tmpfs", _disk);
        Assert.SkipWhen(Tool.Run("mountpoint", _disk).Length == 0, "a tmpfs cannot be mounted here (root; Debian: mount)");
    }

    public void Dispose()
    {
        Tool.Run("umount", _disk);
        _scratch.Dispose();
    }

    [Fact]
    public void On_a_full_disk_nothing_is_durable_the_old_state_stays_and_it_goes_on_when_there_is_room()
    {
        var events = new Events();
        using (var store = new FileOwnershipStore(_disk, "box", events))
        {
            store.Save(new OwnershipImage(1, 7, 1, []));
            Until(store, () => store.IsDurable(1));
            var filler = Path.Combine(_disk, "filler");
            Fill(filler);

            store.Save(new OwnershipImage(2, 7, 2, []));
            Until(store, () => !store.IsDurable(2) && events.All.Count > 0);

            Assert.Contains("no change of ownership takes effect", events.All[0].Text, StringComparison.Ordinal);
            File.Delete(filler);
            Until(store, () => store.IsDurable(2));
        }

        using var again = new FileOwnershipStore(_disk, "box", events);
        Assert.Equal(2, again.Load()!.Version);
    }

    [Fact]
    public void On_a_disk_that_can_only_be_read_a_box_does_not_start_and_says_which_key()
    {
        new FileOwnershipStore(_disk, "box", new Events()).Dispose();
        Tool.Run("mount", "-v", "-o", "remount,ro", _disk);

        var message = Assert.Throws<IOException>(() => new FileOwnershipStore(_disk, "box", new Events())).Message;

        Assert.Contains("stateDirectory", message, StringComparison.Ordinal);
        Assert.Contains("writable", message, StringComparison.Ordinal);
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            // Larger than the disk.
            for (var i = 0; i < 1000; i++)
            {
                file.Write(new byte[4096]);
            }

            Assert.Fail("the disk is not full");
        }
        catch (IOException)
        {
            return;
        }
    }

    private static void Until(FileOwnershipStore store, Func<bool> isSo)
    {
        for (var watch = Stopwatch.StartNew(); !isSo();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60));
            var poller = new Poller();
            poller.Add(store.Written.FileDescriptor, PollEvents.Readable);
            poller.Wait(TimeSpan.FromSeconds(10));
            store.Written.Clear();
        }
    }
}
