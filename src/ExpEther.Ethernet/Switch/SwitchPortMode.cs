using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Switch;

/// <summary>Which VLANs a switch port belongs to, and whether its frames carry tags there.</summary>
public sealed class SwitchPortMode
{
    private readonly HashSet<VlanId>? _allowed;

    private SwitchPortMode(VlanId pvid, HashSet<VlanId>? allowed)
    {
        Pvid = pvid;
        _allowed = allowed;
    }

    /// <summary>A trunk of every VLAN.</summary>
    public static SwitchPortMode TrunkOfAll { get; } = new(VlanId.None, null);

    /// <summary>The VLAN of an access port's untagged frames; <see cref="VlanId.None"/> for a trunk.</summary>
    public VlanId Pvid { get; }

    public bool IsAccess => Pvid != VlanId.None;

    /// <summary>Frames come and go untagged; they belong to VLAN <paramref name="pvid"/>. A frame tagged with that VLAN is taken too.</summary>
    public static SwitchPortMode Access(VlanId pvid)
    {
        Check.That(pvid.Value is >= 1 and <= VlanId.Max);
        return new SwitchPortMode(pvid, [pvid]);
    }

    /// <summary>Frames come and go tagged with one of these VLANs. None listed: every VLAN.</summary>
    public static SwitchPortMode Trunk(params IReadOnlyCollection<VlanId> vlans)
    {
        foreach (var vlan in vlans)
        {
            Check.That(vlan.Value is >= 1 and <= VlanId.Max);
        }

        return vlans.Count == 0 ? TrunkOfAll : new SwitchPortMode(VlanId.None, [.. vlans]);
    }

    /// <summary>Whether frames of this VLAN pass here.</summary>
    public bool Carries(VlanId vlan) => _allowed is null ? vlan.Value is >= 1 and <= VlanId.Max : _allowed.Contains(vlan);

    public override string ToString() =>
        IsAccess ? $"access {Pvid}" : _allowed is null ? "trunk all" : $"trunk {string.Join(',', _allowed.Select(v => v.Value).Order())}";
}
