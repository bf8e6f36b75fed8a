using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Commands.Io;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Controller.Queues;
using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Controller;

/// <summary>What the commands work with.</summary>
internal sealed class ControllerParts
{
    private DmaReader? _reader;

    /// <param name="options">The controller's.</param>
    /// <param name="subsystem">That it belongs to.</param>
    /// <param name="controllerId">CNTLID.</param>
    /// <param name="config">Its function's.</param>
    /// <param name="msix">Its function's.</param>
    public ControllerParts(NvmeControllerOptions options, NvmSubsystem subsystem, int controllerId, EndpointConfig config, MsixTable msix)
    {
        Options = options;
        Subsystem = subsystem;
        ControllerId = controllerId;
        Commands = new CommandTable();
        Pool = new BufferPool(options.BufferPoolBytes, BlockCommand.BufferBytesMax(options));
        Prps = new PrpWalker(Commands, options.MaxDataTransferBytes);
        Data = new DataReads(Commands, Prps);
        Queues = new QueueSet(options.QueuePairsMax);
        Fetcher = new SubmissionFetcher(Queues, Commands);
        Backends = new BackendDispatch(controllerId, subsystem.NamespaceIdMax, Commands, Pool);
        Features = new FeatureSet(options.QueuePairsMax);
        Coalescing = new InterruptCoalescing(Features, Queues);
        Health = new HealthState(Counters, Errors);
        Events = new AsyncEvents(Commands);
        Egress = new Egress(config, msix, this);
    }

    public NvmeControllerOptions Options { get; }

    public NvmSubsystem Subsystem { get; }

    /// <summary>CNTLID.</summary>
    public int ControllerId { get; }

    public NvmeControllerCounters Counters { get; } = new();

    public ErrorLog Errors { get; } = new();

    public ChangedNamespaces Changed { get; } = new();

    public CommandTable Commands { get; }

    public BufferPool Pool { get; }

    public PrpWalker Prps { get; }

    public DataReads Data { get; }

    public QueueSet Queues { get; }

    public SubmissionFetcher Fetcher { get; }

    public BackendDispatch Backends { get; }

    public FeatureSet Features { get; }

    public InterruptCoalescing Coalescing { get; }

    public HealthState Health { get; }

    public AsyncEvents Events { get; }

    public Egress Egress { get; }

    /// <summary>CC.IOSQES and CC.IOCQES: entry sizes of I/O queues as powers of two.</summary>
    public (int Submission, int Completion) EntrySizes { get; set; }

    /// <summary>Made after these parts, since it hands its bytes to them.</summary>
    public DmaReader Reader { get => _reader!; set => _reader = value; }
}
