namespace ExpEther.Pcie.Config;

/// <summary>MSI with one vector and a 64-bit address (PCIe 5.0 §7.7.1), as a port has it for hot-plug and errors.</summary>
public sealed class MsiCapability
{
    private const int Control = 2;
    private const int AddressLow = 4;
    private const int AddressHigh = 8;
    private const int MessageData = 12;
    private const int Length = 14;
    private const ushort Enable = 1 << 0;
    private const ushort MultipleMessageEnable = 7 << 4;
    private const ushort Is64Bit = 1 << 7;

    private readonly ConfigSpace _space;

    internal MsiCapability(ConfigSpace space)
    {
        _space = space;
        Offset = space.AddCapability(CapabilityId.Msi, Length);
        space.Set16(Offset + Control, Is64Bit);
        space.DefineRw16(Offset + Control, Enable | MultipleMessageEnable);
        space.DefineRw32(Offset + AddressLow, ~3U);
        space.DefineRw32(Offset + AddressHigh, uint.MaxValue);
        space.DefineRw16(Offset + MessageData, ushort.MaxValue);
    }

    public int Offset { get; }

    public bool Enabled => (_space.Get16(Offset + Control) & Enable) != 0;

    /// <summary>Where the message is written.</summary>
    public ulong Address => _space.Get32(Offset + AddressLow) | ((ulong)_space.Get32(Offset + AddressHigh) << 32);

    /// <summary>What is written there: 16 bits, the upper half of the DW is zero.</summary>
    public uint Data => _space.Get16(Offset + MessageData);
}
