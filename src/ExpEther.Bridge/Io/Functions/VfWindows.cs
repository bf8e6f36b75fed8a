using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>Mem_H to Mem_IO for the BARs of one function. A window takes whole requests only, and none while the virtual MSE is off.</summary>
internal sealed class VfWindows
{
    private readonly EndpointConfig _config;
    private readonly IoAddress[] _memIo = new IoAddress[ConfigLimits.EndpointBarsMax];

    public VfWindows(EndpointConfig config, IReadOnlyList<PciBar> bars)
    {
        _config = config;
        Bars = bars;
        foreach (var bar in bars)
        {
            _memIo[bar.Index] = new IoAddress(bar.Address.Value);
        }
    }

    /// <summary>As assigned on the device bus.</summary>
    public IReadOnlyList<PciBar> Bars { get; }

    /// <param name="address">The first byte of the request.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="mapped">Where it goes on the device bus.</param>
    /// <param name="broken">A rule that is not kept.</param>
    public bool TryMap(HostAddress address, int bytes, out IoAddress mapped, BrokenRule broken = BrokenRule.None)
    {
        if ((!_config.DecodesMemory && broken != BrokenRule.MemorySpaceEnable)
            || !_config.TryFindBar(address.Value, broken == BrokenRule.WholeRequest ? 4 : bytes, out var bar, out var offset)
            || _memIo[bar].Value == 0)
        {
            mapped = default;
            return false;
        }

        mapped = new IoAddress(_memIo[bar].Value + offset);
        return true;
    }

    /// <summary>Mem_H of a BAR; null while the host has not placed it.</summary>
    public HostAddress? MemH(int bar) => _config.BarAddress(bar) is var address and not 0 ? new HostAddress(address) : null;
}
