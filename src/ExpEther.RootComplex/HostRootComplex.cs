using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Tree;

namespace ExpEther.RootComplex;

/// <summary>The CPU side of PCI Express in a process; its <see cref="ITlpPort"/> is the link below root port 00:00.0.</summary>
public sealed class HostRootComplex : ITlpPort, IHostAttachment
{
    public HostRootComplex(RootComplexOptions options, OwnerScheduler scheduler, IEventSink events)
    {
        Check.That(scheduler is not null && events is not null);
        Memory = new HostMemory(options.MemoryBase, options.MemoryBytes);
        Tree = new PciTree(options.Name);
    }

    public HostMemory Memory { get; }

    IHostMemory IHostAttachment.Memory => Memory;

    public PciTree Tree { get; }

    /// <summary>The endpoints that drivers can use, in tree order.</summary>
    public IReadOnlyList<PciFunction> Functions { get; } = [];

    public Instant? NextDeadline { get; }

    /// <summary>Adds a driver; it is offered every function that has none, now and later.</summary>
    public void AddDriver(IFunctionDriver driver) => throw new NotImplementedException();

    /// <summary>Enumerates everything below the root port, starts hot-plug and binds drivers. Runs on the owner's scheduler.</summary>
    public Task EnumerateAsync() => throw new NotImplementedException();

    /// <summary>Runs interrupt handlers and ends requests that are past their timeout.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now) => throw new NotImplementedException();

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => throw new NotImplementedException();

    public bool TryTake(Instant now, Span<byte> into, out int length) => throw new NotImplementedException();

    public bool IsInterruptAddress(HostAddress address) => address.Value >> 20 == 0xFEE;

    public void RaiseInterrupt(Rid requester, HostAddress address, uint data) => throw new NotImplementedException();
}
