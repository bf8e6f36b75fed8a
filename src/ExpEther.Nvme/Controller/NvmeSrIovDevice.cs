using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;

namespace ExpEther.Nvme.Controller;

/// <summary>
/// An NVM subsystem behind an SR-IOV device: a primary controller behind the PF, a secondary one behind each VF, namespaces that they share
/// or that are one's own (NVMe 1.4 §8.5). Each controller is a whole <see cref="NvmeController"/>; <see cref="SrIovDevice"/> says which TLP is
/// whose, the subsystem says which namespace is whose.
/// <para>
/// CNTLIDs: 0 is the primary controller, n that of VF n. A controller's options are the primary's, but for its queues and its memory.
/// </para>
/// </summary>
public sealed class NvmeSrIovDevice : IPcieDevice, IFunctionFlowControl
{
    private readonly NvmSubsystem _subsystem;
    private readonly SrIovDevice _device;
    private readonly NvmeController[] _virtuals;

    /// <param name="options">What it is.</param>
    /// <param name="events">Told of what an operator should know.</param>
    public NvmeSrIovDevice(NvmeSrIovOptions options, IEventSink events)
    {
        Check.That(options.TotalVfs is > 0 and <= ControllerLimits.VirtualFunctionsMax);
        Check.That(options.SecondaryQueuesMax is >= ControllerLimits.OnlineQueuesMin and <= ControllerLimits.QueuePairsMax + 1);
        Check.That(options.PrimaryQueues >= ControllerLimits.OnlineQueuesMin && options.PrimaryQueues <= options.Primary.QueuePairsMax + 1);
        _subsystem = new NvmSubsystem(options.Primary, options.Pool, events);
        var physical = ControllerFunction.Physical(options.Primary, new SrIovDescription
        {
            TotalVfs = options.TotalVfs, VfDeviceId = options.VfDeviceId, VfBars = [ControllerFunction.Bar],
        });
        Primary = new NvmeController(options.Primary, _subsystem, physical, events);
        _subsystem.Virtualization = new Virtualization(ResourcesOf(options), ((IVirtualizedController)Primary).Give);
        _virtuals = new NvmeController[options.TotalVfs];
        for (var number = 1; number <= _virtuals.Length; number++)
        {
            var secondary = SecondaryOf(options, number);
            var controller = new NvmeController(secondary, _subsystem, ControllerFunction.Virtual(secondary, physical, number), events);
            _virtuals[number - 1] = controller;
            _subsystem.Virtualization.Add(new SecondaryController((ushort)number, (ushort)number, controller));
        }

        _subsystem.Virtualization.OnPrimaryReset();
        _device = new SrIovDevice(Primary, _virtuals);
    }

    /// <summary>The controller behind the PF.</summary>
    public NvmeController Primary { get; }

    /// <summary>The controllers behind VF 1 and on.</summary>
    public IReadOnlyList<NvmeController> Secondaries => _virtuals;

    /// <inheritdoc/>
    public Instant? NextDeadline => _device.NextDeadline;

    /// <inheritdoc/>
    public IResumableDevice Resumable => _device;

    /// <inheritdoc/>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => _device.TryAccept(tlp, now);

    /// <inheritdoc/>
    public bool TryTake(Instant now, Span<byte> into, out int length) => _device.TryTake(now, into, out length);

    /// <inheritdoc/>
    public bool Poll(Instant now) => _device.Poll(now);

    /// <inheritdoc/>
    public void Reset(Instant now) => _device.Reset(now);

    /// <inheritdoc/>
    public void SetFlow(Rid function, bool open) => _device.SetFlow(function, open);

    /// <summary>Write-protects a namespace or lifts that; hosts that have it learn of it.</summary>
    /// <returns>False: no such namespace.</returns>
    public bool SetNamespaceReadOnly(uint namespaceId, bool readOnly) => _subsystem.SetReadOnly(namespaceId, readOnly);

    /// <summary>Why no namespace of the pool is created, resized or deleted; empty: they are, or there is no pool.</summary>
    public string PoolDoubt => _subsystem.Pool?.Doubt ?? "";

    /// <summary>Starts to take what a pool in doubt says for all there is (<see cref="PoolDoubt"/>); it is over when there is no doubt and no report of
    /// a failure follows.</summary>
    /// <returns>False: there is no doubt, or too many changes wait.</returns>
    public bool TryAcceptPoolLoss() => PoolDoubt.Length > 0 && _subsystem.Changes.TryStart(new MetadataRewrite());

    private static VirtualizationOptions ResourcesOf(NvmeSrIovOptions options)
    {
        var total = options.TotalVfs * options.FlexibleQueuesPerVf;
        return new VirtualizationOptions(
            total, total, options.PrimaryQueues, options.PrimaryQueues, options.Primary.QueuePairsMax + 1, options.SecondaryQueuesMax,
            options.SecondaryQueuesMax);
    }

    private static NvmeControllerOptions SecondaryOf(NvmeSrIovOptions options, int number) => options.Primary with
    {
        Name = $"{options.Primary.Name}.vf{number}",
        QueuePairsMax = options.SecondaryQueuesMax - 1,
        MaxDataTransferBytes = options.SecondaryMaxDataTransferBytes,
        BufferPoolBytes = options.SecondaryBufferPoolBytes,
    };
}
