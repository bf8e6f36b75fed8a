using ExpEther.Nvme.Driver;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A TLP on its whole way, from driver to device and back, through both bridges, links and switch, allocates nothing.</summary>
public class AllocationTests
{
    private int _done;
    private int _failed;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Steady_io_allocates_no_byte(bool isSealed)
    {
        var fabric = new TestFabric(isSealed);
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        fabric.Attach(box, "disk", host);
        var disk = host.Nvme.Disks[0];
        var buffer = host.RootComplex.Memory.Allocate(16 << 10);
        Action<NvmeResult, object?> done = OnDone;

        RunCommands(fabric, disk, new NvmeIo(NvmeIoOperation.Write, 1, 0, 32, buffer), done, 600);
        RunCommands(fabric, disk, new NvmeIo(NvmeIoOperation.Read, 1, 0, 32, buffer), done, 600);
        var tlps = Tlps(host);
        // Timers that are no TLP's (a keep-alive, a watch every second) may fall into a window, not into every one.
        var best = long.MaxValue;
        for (var window = 0; window < 8 && best > 0; window++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            RunCommands(fabric, disk, new NvmeIo(NvmeIoOperation.Write, 1, 0, 32, buffer), done, 40);
            RunCommands(fabric, disk, new NvmeIo(NvmeIoOperation.Read, 1, 0, 32, buffer), done, 40);
            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, best);
        Assert.Equal(0, _failed);
        Assert.True(Tlps(host) - tlps > 1000);
    }

    private static long Tlps(FabricHost host) => host.Bridge.Status().Slots.Sum(s => s.Counters.DmaReads + s.Counters.DmaWrites + s.Counters.Interrupts);

    private void RunCommands(TestFabric fabric, NvmeDisk disk, in NvmeIo io, Action<NvmeResult, object?> done, int count)
    {
        _done = 0;
        var submitted = 0;
        while (_done < count)
        {
            while (submitted < count && submitted - _done < 8 && disk.TrySubmit(io, done, null))
            {
                submitted++;
            }

            fabric.Settle();
            if (_done < count)
            {
                fabric.Step(fabric.Now + TimeSpan.FromSeconds(1));
            }
        }
    }

    private void OnDone(NvmeResult result, object? state)
    {
        _done++;
        _failed += result.IsSuccess ? 0 : 1;
    }
}
