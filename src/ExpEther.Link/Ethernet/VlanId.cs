using System.Globalization;

namespace ExpEther.Link.Ethernet;

/// <summary>A VLAN ID, 1 to 4094 (IEEE 802.1Q): the number of a logical PCIe switch. 0 means "no tag".</summary>
public readonly record struct VlanId(ushort Value)
{
    public const int Max = 4094;

    public static readonly VlanId None;

    public static bool TryParse(string? text, out VlanId vlan)
    {
        var ok = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= Max;
        vlan = new VlanId(ok ? value : (ushort)0);
        return ok;
    }

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
