using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>A secondary controller as its primary controller keeps it (NVMe 1.4 §8.5.3).</summary>
internal sealed class SecondaryController(ushort id, ushort virtualFunctionNumber, IVirtualizedController function)
{
    /// <summary>CNTLID.</summary>
    public ushort Id { get; } = id;

    public IVirtualizedController Function { get; } = function;

    public bool IsOnline { get; private set; }

    /// <summary>VQ it was assigned.</summary>
    public ushort Queues { get; private set; }

    /// <summary>VI it was assigned.</summary>
    public ushort Interrupts { get; private set; }

    public SecondaryControllerEntry Describe(ushort primary) => new(Id, primary, IsOnline, virtualFunctionNumber, Queues, Interrupts);

    public int Has(VirtualResourceType resource) => resource == VirtualResourceType.Queue ? Queues : Interrupts;

    public void Assign(VirtualResourceType resource, ushort count)
    {
        Check.That(!IsOnline);
        Queues = resource == VirtualResourceType.Queue ? count : Queues;
        Interrupts = resource == VirtualResourceType.Interrupt ? count : Interrupts;
        Function.Give(Queues, Interrupts);
    }

    public void SetOnline(bool online)
    {
        if (IsOnline != online)
        {
            IsOnline = online;
            Function.SetOnline(online);
        }
    }
}
