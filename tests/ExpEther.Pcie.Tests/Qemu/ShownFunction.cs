using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>What a driver and its operating system look at in a function's configuration space, whoever's it is.</summary>
internal sealed class ShownFunction(Func<int, uint> read)
{
    public uint Ids => read(0x00);

    /// <summary>24 bits.</summary>
    public uint ClassCode => read(0x08) >> 8;

    public uint Revision => read(0x08) & 0xFF;

    public uint HeaderType => (read(0x0C) >> 16) & 0xFF;

    public uint SubsystemIds => read(0x2C);

    public uint InterruptPin => (read(0x3C) >> 8) & 0xFF;

    public uint[] Bars => [.. Enumerable.Range(4, 6).Select(n => read(4 * n))];

    /// <summary>PCI Express Capabilities: version, device or port type, slot.</summary>
    public uint PciExpress => read(CapabilityWalk.Find(read, CapabilityId.PciExpress)) >> 16;

    public uint DeviceCapabilities => read(CapabilityWalk.Find(read, CapabilityId.PciExpress) + PcieRegister.DeviceCapabilities);

    public bool FlrCapable => (DeviceCapabilities & PcieRegister.DeviceCapabilitiesFlr) != 0;

    public int MsixVectors => (int)((read(CapabilityWalk.Find(read, CapabilityId.Msix)) >> 16) & 0x7FF) + 1;

    /// <summary>BAR and offset of table and pending bits.</summary>
    public (uint Table, uint PendingBits) MsixPlaces
    {
        get
        {
            var at = CapabilityWalk.Find(read, CapabilityId.Msix);
            return (read(at + 4), read(at + 8));
        }
    }

    /// <summary>IDs of the capabilities, as the chain goes.</summary>
    public List<CapabilityId> Capabilities()
    {
        var found = new List<CapabilityId>();
        for (var at = (int)read(0x34) & 0xFC; at != 0; at = (int)(read(at) >> 8) & 0xFC)
        {
            found.Add((CapabilityId)(read(at) & 0xFF));
            Assert.True(found.Count < 48, "the chain loops");
        }

        return found;
    }

    /// <summary>IDs of the extended capabilities, as the chain goes.</summary>
    public List<ExtendedCapabilityId> ExtendedCapabilities()
    {
        var found = new List<ExtendedCapabilityId>();
        for (var at = 0x100; at != 0 && read(at) != 0; at = (int)(read(at) >> 20) & 0xFFC)
        {
            found.Add((ExtendedCapabilityId)(read(at) & 0xFFFF));
            Assert.True(found.Count < 960, "the chain loops");
        }

        return found;
    }
}
