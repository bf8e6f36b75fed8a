#pragma warning disable CA1822, IDE0060, CA1801
namespace ExpEther.Pcie.Config;

/// <summary>A root or switch port's configuration space: type 1 header, PM, PCIe, MSI, AER, SSVID, ACS on root and downstream ports.</summary>
public sealed class BridgePortConfig
{
    public BridgePortConfig(BridgePortDescription description)
    {
        Description = description;
    }

    public BridgePortDescription Description { get; }

    public ConfigSpace Space => throw new NotImplementedException();

    public Rid Rid => throw new NotImplementedException();

    public byte PrimaryBus => throw new NotImplementedException();

    public byte SecondaryBus => throw new NotImplementedException();

    public byte SubordinateBus => throw new NotImplementedException();

    public bool BusMasterEnable => throw new NotImplementedException();

    public bool MemorySpaceEnable => throw new NotImplementedException();

    public bool SecondaryBusReset => throw new NotImplementedException();

    public bool AriForwarding => throw new NotImplementedException();

    public int MaxPayloadBytes => throw new NotImplementedException();

    public MsiCapability Msi => throw new NotImplementedException();

    public AerCapability Aer => throw new NotImplementedException();

    /// <summary>The hot-plug slot; null on an upstream port or a port without one.</summary>
    public SlotRegisters? Slot => throw new NotImplementedException();

    public int PcieOffset => throw new NotImplementedException();

    public uint Read(int register) => throw new NotImplementedException();

    public ConfigChange Write(int register, uint value, int enables = 0xF) => throw new NotImplementedException();

    public void CaptureRid(Rid rid) => throw new NotImplementedException();

    /// <summary>True when the bus is behind this port: secondary to subordinate, both set.</summary>
    public bool ContainsBus(byte bus) => throw new NotImplementedException();

    /// <summary>True when a whole request lies in the memory or the prefetchable window. Memory Space Enable is not looked at.</summary>
    public bool TryMatchMemory(ulong address, int bytes) => throw new NotImplementedException();

    public void Reset() => throw new NotImplementedException();
}
