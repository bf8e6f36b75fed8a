using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Tests.Host;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.Nvme.Tests.Driver;

/// <summary>The real driver on the embedded host, the real controller in slot 1 of a switch, a backend that records.</summary>
internal sealed class DriverFixture
{
    public const int Blocks = 8192;

    /// <param name="options">The driver's.</param>
    /// <param name="namespaces">The second and further ones have blocks of 4096 bytes.</param>
    /// <param name="failsAtFirst">The controller can read none of the host's memory yet.</param>
    public DriverFixture(NvmeDriverOptions? options = null, int namespaces = 1, bool failsAtFirst = false)
    {
        Backend = new RecordingBackend(Blocks);
        Controller = new NvmeController(
            new NvmeControllerOptions
            {
                SerialNumber = "SN-7",
                ModelNumber = "Test disk",
                Namespaces = [.. Enumerable.Range(0, namespaces).Select(i =>
                    new NvmeNamespaceOptions { Backend = i == 0 ? Backend : new RecordingBackend(64, 4096) })],
            },
            new EventList());
        Gate = new DeafDevice(Controller) { FailsReads = failsAtFirst };
        Host = new TestHost(Switch, new RootComplexOptions { MemoryBytes = 16 << 20, AttentionDelay = TimeSpan.FromSeconds(5) });
        Driver = new NvmeDriver(Host.Scheduler, Host.Events, options);
        Driver.DiskAdded += disk => Disk = disk;
        Driver.DiskRemoved += _ => RemovedCount++;
        Host.Root.AddDriver(Driver);
        Host.Run(Host.Root.EnumerateAsync);
        Switch.Plug(0, Gate);
        Host.Pass(TimeSpan.FromSeconds(3));
    }

    public TestSwitch Switch { get; } = new(2);

    public TestHost Host { get; }

    public RecordingBackend Backend { get; }

    public NvmeController Controller { get; }

    public DeafDevice Gate { get; }

    public NvmeDriver Driver { get; }

    public NvmeDisk? Disk { get; private set; }

    public int RemovedCount { get; private set; }

    public DmaBuffer Buffer(int bytes) => Host.Root.Memory.Allocate(bytes);

    public Span<byte> Bytes(DmaBuffer buffer) => Host.Root.Memory.SpanOf(buffer);

    /// <summary>Starts a command whose end is looked at later.</summary>
    public Task<NvmeResult> Start(Func<NvmeDisk, Task<NvmeResult>> command)
    {
        var task = Host.Scheduler.Run(() => command(Disk!));
        Host.Settle();
        return task;
    }

    /// <summary>The result of a command that must have ended by now.</summary>
    public static NvmeResult ResultOf(Task<NvmeResult> command)
    {
        Assert.True(command.IsCompleted, "the command has not ended");
        return command.GetAwaiter().GetResult();
    }

    public NvmeResult Run(Func<NvmeDisk, Task<NvmeResult>> command) => Host.Run(() => command(Disk!));
}
