using System.Numerics;

namespace ExpEther.Pcie.Config;

/// <summary>What a set of memory BARs must be, in a header or in an SR-IOV capability (PCIe 5.0 §7.5.1.2.1, §9.3.3.14).</summary>
internal static class BarRules
{
    public static void Verify(ReadOnlySpan<BarDescription> bars)
    {
        var taken = 0;
        foreach (var bar in bars)
        {
            var slots = bar.Is64Bit ? 0b11 << bar.Index : 1 << bar.Index;
            Check.That(bar.Index >= 0 && slots < 1 << ConfigLimits.EndpointBarsMax && (taken & slots) == 0);
            Check.That(
                BitOperations.IsPow2(bar.SizeBytes) && bar.SizeBytes >= ConfigLimits.BarBytesMin && (bar.Is64Bit || bar.SizeBytes <= 1L << 31));
            taken |= slots;
        }
    }
}
