using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Tests.Lab;

internal static class AllocationsPerFrame
{
    private const int WarmUpFrames = 200;
    private const int Frames = 1000;
    private const int LooksMax = 10_000_000;

    /// <summary>Bytes allocated by this thread while frames go from one port to another, after a warm-up.</summary>
    public static long Measure(IFramePort from, IFramePort to, byte[] frame)
    {
        for (var i = 0; i < WarmUpFrames; i++)
        {
            Move(from, to, frame);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Frames; i++)
        {
            Move(from, to, frame);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Move(IFramePort from, IFramePort to, byte[] frame)
    {
        for (var looks = 0; !from.TrySend(frame); looks++)
        {
            Wait(looks);
        }

        for (var looks = 0; !to.TryReceive(out _); looks++)
        {
            Wait(looks);
        }

        to.Release();
    }

    private static void Wait(int looks)
    {
        if (looks > LooksMax)
        {
            Assert.Fail("the frame never came");
        }

        Thread.Yield();
    }
}
