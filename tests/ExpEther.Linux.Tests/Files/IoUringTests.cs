using ExpEther.Linux.Files;
using ExpEther.Linux.Polling;

namespace ExpEther.Linux.Tests.Files;

public sealed unsafe class IoUringTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_ring_that_cannot_be_had_is_null_and_says_why()
    {
        // More entries than any kernel gives; a container that forbids the call answers EPERM or ENOSYS to the same effect.
        Assert.Null(IoUring.TryCreate(1 << 30, out var why));
        Assert.NotEqual(Errno.None, why);
    }

    [Fact]
    public void Requests_go_together_and_each_comes_back_under_its_tag_with_what_the_call_would_return()
    {
        using var ring = IoUring.TryCreate(8, out var why);
        Assert.SkipWhen(ring is null, $"no io_uring here: {why}");
        File.WriteAllBytes(_path, new byte[8192]);
        using var file = BlockFile.Open(_path, isReadOnly: false);
        var memory = GC.AllocateArray<byte>(8192, pinned: true);
        memory.AsSpan(0, 4096).Fill(7);
        fixed (byte* at = memory)
        {
            ring!.PrepareWrite(file, at, 4096, 0, 1);
            ring.PrepareFlush(file, 2);
            ring.PrepareRead(file, at + 4096, 4096, 1 << 20, 3);
            ring.PrepareNothing(4);
            Assert.Equal(4, ring.Prepared);
            Assert.False(ring.TryTake(out _, out _));
            ring.Submit();
            Assert.Equal([(1, 4096), (2, 0), (3, 0), (4, 0)], TakeAll(ring, 4));

            ring.PrepareRead(file, at + 4096, 4096, 0, 5);
            ring.Submit();
            Assert.Equal([(5, 4096)], TakeAll(ring, 1));
            Assert.Equal(8192, memory.AsSpan().Count((byte)7));

            ring.PreparePunchHole(file, -1, 4096, 6);
            ring.Submit();
            Assert.Equal([(6, -(int)Errno.EINVAL)], TakeAll(ring, 1));
        }
    }

    private static List<(ulong Tag, int Result)> TakeAll(IoUring ring, int count)
    {
        List<(ulong, int)> all = [];
        var poller = new Poller();
        poller.Add(ring.FileDescriptor, PollEvents.Readable);
        while (all.Count < count)
        {
            if (ring.TryTake(out var tag, out var result))
            {
                all.Add((tag, result));
            }
            else
            {
                poller.Wait((long?)null);
            }
        }

        return [.. all.Order()];
    }
}
