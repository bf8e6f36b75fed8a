using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>What software does to a function through its registers: set it up, mask vectors, find capabilities, reset it.</summary>
internal sealed partial class TlpHost
{
    /// <summary>What an operating system does before it binds a driver: BAR, MSI-X table entries unmasked, memory space and bus mastering.</summary>
    public void SetUp(int maxPayloadBytes = 512, int maxReadRequestBytes = 512)
    {
        WriteConfig(ConfigRegister.Bar0, unchecked((uint)Bar));
        WriteConfig(ConfigRegister.Bar0 + 4, (uint)(Bar >> 32));
        WriteConfig(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        var pcie = FindCapability(CapabilityId.PciExpress);
        var control = ReadConfig(pcie + 8) & 0xFFFF & ~0x70E0u;
        WriteConfig(pcie + 8, control | (uint)(System.Numerics.BitOperations.Log2((uint)maxPayloadBytes / 128) << 5)
            | (uint)(System.Numerics.BitOperations.Log2((uint)maxReadRequestBytes / 128) << 12), 0b0011);
        MaxPayloadBytes = maxPayloadBytes;
        var msix = FindCapability(CapabilityId.Msix);
        var vectors = (int)((ReadConfig(msix) >> 16) & 0x7FF) + 1;
        for (var vector = 0; vector < vectors; vector++)
        {
            SetVector(vector, masked: false);
        }

        WriteConfig(msix, 0x8000_0000, 0b1100);
    }

    public void SetVector(int vector, bool masked)
    {
        var table = (int)(ReadConfig(FindCapability(CapabilityId.Msix) + 4) & ~7u);
        Write64(table + (vector * 16), InterruptBase);
        Write32(table + (vector * 16) + 8, (uint)(0x100 + vector));
        Write32(table + (vector * 16) + 12, masked ? 1u : 0);
    }

    public bool IsPending(int vector)
    {
        var pba = (int)(ReadConfig(FindCapability(CapabilityId.Msix) + 8) & ~7u);
        return (Read32(pba + (vector / 32 * 4)) & (1u << (vector % 32))) != 0;
    }

    public int FindCapability(CapabilityId id)
    {
        var at = (int)(ReadConfig(0x34) & 0xFC);
        while (at != 0)
        {
            var header = ReadConfig(at);
            if ((byte)header == (byte)id)
            {
                return at;
            }

            at = (int)((header >> 8) & 0xFC);
        }

        return 0;
    }

    public void StartFunctionLevelReset()
    {
        var pcie = FindCapability(CapabilityId.PciExpress);
        WriteConfig(pcie + 8, (ReadConfig(pcie + 8) & 0xFFFF) | 0x8000, 0b0011);
    }
}
