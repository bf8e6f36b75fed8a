namespace ExpEther.Pcie.Config;

/// <summary>PCI power management (PCIe 5.0 §7.5.2): D0 and D3hot, no PME, no soft reset on the way back.</summary>
public sealed class PowerManagementCapability
{
    private const int ControlStatus = 4;
    private const ushort StateMask = 3;
    private const ushort NoSoftReset = 1 << 3;
    private const int D0 = 0;
    private const int D3Hot = 3;

    private readonly ConfigSpace _space;

    internal PowerManagementCapability(ConfigSpace space)
    {
        _space = space;
        Offset = space.AddCapability(CapabilityId.PowerManagement, 8);
        space.Set16(Offset + 2, 3);
        space.Set16(Offset + ControlStatus, NoSoftReset);
        space.DefineRw16(Offset + ControlStatus, StateMask);
    }

    public int Offset { get; }

    /// <summary>In D3hot a function answers configuration requests only and sends none of its own (§5.3.1.4).</summary>
    public bool IsD3Hot => (_space.Get16(Offset + ControlStatus) & StateMask) == D3Hot;

    // §7.5.2.2: a write of a state that is not supported completes, and changes nothing.
    internal void OnWrite(in ConfigChange change)
    {
        if (change.IsAt(Offset + ControlStatus) && (change.After & StateMask) is not (D0 or D3Hot))
        {
            var state = _space.Get16(Offset + ControlStatus);
            _space.Set16(Offset + ControlStatus, (ushort)((state & ~StateMask) | (int)(change.Before & StateMask)));
        }
    }
}
