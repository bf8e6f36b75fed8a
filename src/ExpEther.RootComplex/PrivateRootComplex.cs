using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Dma;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Errors;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Interrupts;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Requests;
using ExpEther.RootComplex.Tree;

namespace ExpEther.RootComplex;

/// <summary>
/// A root complex without ports: what whoever owns a device bus needs to drive functions of it by itself (row 8 of the table in
/// ARCHITECTURE.md). It has memory and interrupts of its own, which only functions that were <see cref="Add">added</see> reach: a request of any
/// other is refused, whatever its address. Configuration requests go by the bus owner's own way.
/// <para>
/// The bus owner hands it what <see cref="IsMine"/> says is its, and moves what it has to say to the device.
/// </para>
/// </summary>
public sealed class PrivateRootComplex : ITlpPort, IBusMasterRules
{
    // The least every function can take: what little goes this way need not be fast.
    private const int MaxPayloadBytes = 128;

    private readonly Rid _requester;
    private readonly HostServices _host;
    private readonly RootComplexTraffic _traffic;
    private readonly PciTree _tree;
    private readonly List<PciFunction> _functions = [];

    /// <param name="options">Its place on the device bus.</param>
    /// <param name="config">The bus owner's access to configuration space.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="events">Told of errors that functions report.</param>
    public PrivateRootComplex(PrivateRootComplexOptions options, IConfigAccess config, OwnerScheduler scheduler, IEventSink events)
    {
        _requester = options.Requester;
        Memory = new HostMemory(options.MemoryBase, options.MemoryBytes);
        var interrupts = new InterruptController(Counters);
        _host = new HostServices(
            options.Name, scheduler, events, Memory, config, new CpuRequests(_requester, options.CompletionTimeout, scheduler, Counters),
            new PostedWrites(_requester), interrupts, new BusEnumerator(config, scheduler, events, options.Name));
        var dma = new DmaCompleter(_requester, Memory, interrupts, Counters);
        _tree = new PciTree(options.Name);
        var errors = new ErrorCollector(options.Name, scheduler, config, _tree, events, Counters);
        _traffic = new RootComplexTraffic(_host, dma, errors, this, Counters);
    }

    /// <summary>What its functions may read and write.</summary>
    public HostMemory Memory { get; }

    public RootComplexCounters Counters { get; } = new();

    /// <summary>The functions that are driven here.</summary>
    public IReadOnlyList<PciFunction> Functions => _functions;

    public Instant? NextDeadline => _traffic.NextDeadline;

    /// <summary>Takes a function that enumeration found, its BARs assigned, to be driven here.</summary>
    public PciFunction Add(PciNode node)
    {
        Check.That(!IsFunction(node.Rid));
        var function = new PciFunction(node, _host);
        _functions.Add(function);
        _tree.Roots = [.. _functions.Select(f => f.Node)];
        return function;
    }

    /// <summary>The function is gone, or nobody drives it any more: nothing reaches it, and it reaches nothing.</summary>
    public void Remove(PciFunction function)
    {
        Check.That(_functions.Remove(function));
        _tree.Roots = [.. _functions.Select(f => f.Node)];
        function.Release();
    }

    /// <summary>Whether a TLP from the device bus ends here: an answer to its own requests, or a request of one of its functions.</summary>
    public bool IsMine(in TlpView view) => view.IsCompletion ? view.Requester == _requester : IsFunction(view.Requester);

    /// <summary>Runs interrupt handlers and ends requests that are past their timeout.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now) => _traffic.Poll(now);

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        _traffic.Accept(tlp);
        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => _traffic.TryTake(into, out length);

    bool IBusMasterRules.MayMaster(Rid requester) => IsFunction(requester);

    int IBusMasterRules.MaxPayloadBytesOf(Rid requester) => MaxPayloadBytes;

    private bool IsFunction(Rid rid)
    {
        for (var i = 0; i < _functions.Count; i++)
        {
            if (_functions[i].Rid == rid)
            {
                return true;
            }
        }

        return false;
    }
}
