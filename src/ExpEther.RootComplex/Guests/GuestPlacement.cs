using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// Gives the BARs of a slot's function addresses where no guest's firmware or kernel does: a client that is no virtual machine reaches BARs by region and
/// offset, and need neither write them nor set Memory Space Enable (libvfio-user's servers look at neither). To the bridges a request has to match a window,
/// so each BAR gets one of its own, and decoding is turned on. What the client has written itself stays.
/// </summary>
internal sealed class GuestPlacement(GuestSlot slot)
{
    /// <summary>Below the interrupt window of every PC (FEE0_0000h), 32-bit BARs.</summary>
    private const ulong LowFirst = 0x8000_0000;
    private const ulong LowEnd = 0xFEC0_0000;

    /// <summary>64-bit BARs that find no place below, above all memory that a client is likely to map.</summary>
    private const ulong HighFirst = 1UL << 46;
    private const int AllBytes = 0xF;
    private const int LowHalf = 0b0011;

    /// <returns>True: decoding was off, and is on. False: it was on, or the function does not answer.</returns>
    public async Task<bool> PlaceAsync(IReadOnlyList<PciBar> bars)
    {
        var command = await slot.ReadConfigAsync(ConfigRegister.Command);
        if (!command.IsSuccess || (command.Value & ConfigRegister.CommandMemorySpaceEnable) != 0)
        {
            return false;
        }

        var (low, high) = (LowFirst, HighFirst);
        foreach (var bar in bars)
        {
            // BARs are aligned to their sizes, which are powers of two (PCIe 5.0 §7.5.1.2.1).
            var start = (low + bar.SizeBytes - 1) & ~(bar.SizeBytes - 1);
            var isLow = bar.SizeBytes <= LowEnd - LowFirst && start + bar.SizeBytes <= LowEnd;
            if (!isLow)
            {
                start = (high + bar.SizeBytes - 1) & ~(bar.SizeBytes - 1);
            }

            if ((isLow || bar.Is64Bit) && slot.Bars.IsUnset(bar.Index))
            {
                (low, high) = isLow ? (start + bar.SizeBytes, high) : (low, start + bar.SizeBytes);
                await WriteAsync(bar, start);
            }
        }

        return await slot.WriteConfigAsync(ConfigRegister.Command, (ushort)command.Value | (uint)ConfigRegister.CommandMemorySpaceEnable, LowHalf)
            == ConfigStatus.Success;
    }

    private async Task WriteAsync(PciBar bar, ulong address)
    {
        var register = ConfigRegister.Bar0 + (4 * bar.Index);
        await slot.WriteConfigAsync(register, (uint)address, AllBytes);
        if (bar.Is64Bit)
        {
            await slot.WriteConfigAsync(register + 4, (uint)(address >> 32), AllBytes);
        }
    }
}
