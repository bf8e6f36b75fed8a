using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>Walks both capability chains of a function once and notes where everything is.</summary>
internal static class CapabilityScan
{
    /// <summary>SR-IOV (PCIe 5.0 §9.3.3): the longest of the extended capabilities that are noted.</summary>
    private const int LongestBytes = 0x40;

    public static async Task<PciCapabilities> RunAsync(FunctionConfig config)
    {
        var found = new PciCapabilities();
        if ((await config.Read16Async(ConfigRegister.Status) & ConfigRegister.StatusCapabilitiesList) == 0)
        {
            return found;
        }

        var at = await config.Read8Async(ConfigRegister.CapabilitiesPointer) & 0xFC;
        for (var left = RootComplexLimits.CapabilitiesMax; at >= ConfigLimits.CapabilityStart && left > 0; left--)
        {
            var header = await config.Read32Async(at);
            if (header == uint.MaxValue)
            {
                return found;
            }

            found = (CapabilityId)(byte)header switch
            {
                CapabilityId.PowerManagement => found with { PowerManagement = at },
                CapabilityId.Msi => found with { Msi = at },
                CapabilityId.Msix => found with { MsiX = at },
                CapabilityId.PciExpress => found with { PciExpress = at },
                _ => found,
            };
            at = (int)(header >> 8) & 0xFC;
        }

        // Extended configuration space exists for PCI Express functions only (PCIe 5.0 §7.2.2).
        at = found.PciExpress == 0 ? 0 : ConfigLimits.ExtendedCapabilityStart;
        for (var left = RootComplexLimits.CapabilitiesMax; at >= ConfigLimits.ExtendedCapabilityStart && left > 0; left--)
        {
            var header = await config.Read32Async(at);
            if (header is 0 or uint.MaxValue)
            {
                return found;
            }

            // One whose registers would lie past the end is none.
            found = (ExtendedCapabilityId)(ushort)header switch
            {
                _ when at + LongestBytes > ConfigLimits.SpaceBytes => found,
                ExtendedCapabilityId.AdvancedErrorReporting => found with { Aer = at },
                ExtendedCapabilityId.AlternativeRoutingId => found with { Ari = at },
                ExtendedCapabilityId.AccessControlServices => found with { Acs = at },
                ExtendedCapabilityId.SingleRootIoVirtualization => found with { SrIov = at },
                _ => found,
            };
            at = (int)(header >> 20) & 0xFFC;
        }

        return found;
    }
}
