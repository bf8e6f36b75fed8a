using System.Numerics;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Hosts;

/// <summary>Carries out a function's memory write. Up to two DWs may have holes in their byte enables (PCIe 5.0 §2.2.5); more have none.</summary>
internal static class DmaWrite
{
    /// <param name="tlp">The write.</param>
    /// <param name="memory">From the first enabled byte to the last.</param>
    public static void ToMapped(in TlpView tlp, Span<byte> memory)
    {
        if (tlp.IsZeroLength)
        {
            return;
        }

        var skip = (int)(tlp.FirstByteAddress - tlp.Address);
        var data = tlp.Payload.Slice(skip, memory.Length);
        var enables = EnablesOf(tlp);
        if (tlp.LengthDw > 2 || BitOperations.PopCount((uint)enables) == memory.Length)
        {
            DmaCopy.ToHost(data, new HostAddress(tlp.FirstByteAddress), memory);
            return;
        }

        for (var i = 0; i < memory.Length; i++)
        {
            if ((enables >> (skip + i) & 1) != 0)
            {
                memory[i] = data[i];
            }
        }
    }

    /// <summary>Each run of enabled bytes is a write; one that is done again because the next found no room does no harm.</summary>
    /// <returns>False: no room; all of it is to be offered again.</returns>
    public static bool TryToAsked(in TlpView tlp, IAskedMemory memory)
    {
        var at = (int)(tlp.FirstByteAddress - tlp.Address);
        if (tlp.LengthDw > 2)
        {
            return memory.TryWrite(new HostAddress(tlp.FirstByteAddress), tlp.Payload.Slice(at, tlp.ByteLength));
        }

        var enables = EnablesOf(tlp);
        while (enables >> at != 0)
        {
            at += BitOperations.TrailingZeroCount(enables >> at);
            var run = BitOperations.TrailingZeroCount(~(enables >> at));
            if (!memory.TryWrite(new HostAddress(tlp.Address + (ulong)at), tlp.Payload.Slice(at, run)))
            {
                return false;
            }

            at += run;
        }

        return true;
    }

    private static int EnablesOf(in TlpView tlp) => tlp.FirstByteEnables | (tlp.LengthDw == 2 ? tlp.LastByteEnables << 4 : 0);
}
