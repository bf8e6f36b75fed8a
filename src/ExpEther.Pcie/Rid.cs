namespace ExpEther.Pcie;

/// <summary>
/// A requester or completer ID: bus (8 bits), device (5), function (3); with ARI bus (8) and function (8).
/// PCIe 5.0 §2.2.4.2, §6.13.
/// </summary>
public readonly record struct Rid(ushort Value) : IComparable<Rid>
{
    public Rid(int bus, int device, int function)
        : this((ushort)((bus << 8) | ((device & 0x1F) << 3) | (function & 7)))
    {
    }

    public byte Bus => (byte)(Value >> 8);

    public int Device => (Value >> 3) & 0x1F;

    public int Function => Value & 7;

    /// <summary>Device and function as one 8-bit number (the function number under ARI).</summary>
    public byte DeviceFunction => (byte)Value;

    public int CompareTo(Rid other) => Value.CompareTo(other.Value);

    public static bool operator <(Rid a, Rid b) => a.Value < b.Value;

    public static bool operator >(Rid a, Rid b) => a.Value > b.Value;

    public static bool operator <=(Rid a, Rid b) => a.Value <= b.Value;

    public static bool operator >=(Rid a, Rid b) => a.Value >= b.Value;

    /// <summary>As lspci prints it: <c>bb:dd.f</c>.</summary>
    public override string ToString() => $"{Bus:x2}:{Device:x2}.{Function}";
}
