using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Tests.Lab;

internal static class AllocationsPerFrame
{
    private const int WarmUpFrames = 200;
    private const int Frames = 1000;

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
        while (!from.TrySend(frame))
        {
            Thread.Yield();
        }

        while (!to.TryReceive(out _))
        {
            Thread.Yield();
        }

        to.Release();
    }
}
