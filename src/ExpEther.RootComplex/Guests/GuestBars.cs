using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// The base address registers of a slot's function as the guest has written them: Mem_H. They are kept as written and cut to the BARs' sizes when
/// they are used, so that a BAR that is being sized (all-ones, or half of a new address) is where the function's own register says, too.
/// </summary>
internal sealed class GuestBars
{
    private readonly uint[] _registers = new uint[ConfigLimits.EndpointBarsMax];
    private readonly PciBar[] _bars = new PciBar[ConfigLimits.EndpointBarsMax];

    public static bool IsBar(int register) =>
        register >= ConfigRegister.Bar0 && register < ConfigRegister.Bar0 + (4 * ConfigLimits.EndpointBarsMax);

    public void Describe(IReadOnlyList<PciBar> bars)
    {
        Array.Clear(_bars);
        foreach (var bar in bars)
        {
            _bars[bar.Index] = bar;
        }
    }

    /// <summary>As after a reset.</summary>
    public void Reset() => Array.Clear(_registers);

    /// <summary>A configuration write that the function has done.</summary>
    public void OnWritten(int register, uint value, int enables)
    {
        ref var bar = ref _registers[(register - ConfigRegister.Bar0) / 4];
        for (var i = 0; i < 4; i++)
        {
            var mask = 0xFFU << (8 * i);
            bar = (enables & (1 << i)) != 0 ? (bar & ~mask) | (value & mask) : bar;
        }
    }

    /// <summary>The BAR, which the function has, holds no address.</summary>
    public bool IsUnset(int bar) => Start(bar) == 0;

    /// <returns>False: the function has no such BAR, or it is not that long.</returns>
    public bool TryMap(int bar, ulong offset, int bytes, out ulong address)
    {
        address = 0;
        if (bar < 0 || bar >= _bars.Length || offset >= _bars[bar].SizeBytes || (ulong)bytes > _bars[bar].SizeBytes - offset)
        {
            return false;
        }

        address = Start(bar) + offset;
        return true;
    }

    private ulong Start(int bar)
    {
        ulong written = _registers[bar];
        if (_bars[bar].Is64Bit && bar + 1 < _registers.Length)
        {
            written |= (ulong)_registers[bar + 1] << 32;
        }

        return written & ~(_bars[bar].SizeBytes - 1);
    }
}
