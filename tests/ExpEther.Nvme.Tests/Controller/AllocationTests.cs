using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class AllocationTests
{
    [Fact]
    public void Steady_state_allocates_nothing()
    {
        var backend = new RecordingBackend(4096);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var pages = Enumerable.Range(0, 32).Select(_ => host.Allocate(4096)).ToArray();
        var (prp1, prp2) = host.Prps(pages);
        var ranges = host.Allocate(4096);
        new DatasetRange(64, 8).Write(host.Host.At(ranges, DatasetRange.Bytes));
        Turn(host, backend, prp1, prp2, ranges, 300);
        Assert.Equal(0, Allocations.FewestOf(() => Turn(host, backend, prp1, prp2, ranges, 100)));
    }

    private static void Turn(NvmeHost host, RecordingBackend backend, ulong prp1, ulong prp2, ulong ranges, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            for (var j = 0; j < 3; j++)
            {
                host.Submit(1, (byte)IoOpcode.Write, 1, dw12: 255, prp1: prp1, prp2: prp2);
                host.Submit(1, (byte)IoOpcode.Read, 1, dw12: 7, prp1: prp1);
                host.Submit(1, (byte)IoOpcode.Flush, 1);
                host.Submit(1, (byte)IoOpcode.Compare, 1, dw12: 7, prp1: prp1);
                host.Submit(1, (byte)IoOpcode.DatasetManagement, 1, dw11: 4, prp1: ranges);
            }

            host.Host.Pump();
            while (host.Queue(1).TryTake(out _))
            {
            }

            host.Host.Interrupts.Clear();
            backend.Log.Clear();
        }
    }
}
