using ExpEther.Bridge.Io.Ownership;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>
/// Which VF is to see which namespace. Shared ones are seen by every VF that has an owner. A private one is seen by one VF of its owner
/// and no other, since NVMe attaches it to one controller at a time (NVMe 1.4 §6.1.6): the one that it was given to by name, as long as that is
/// its owner's, and none meanwhile, so that it never comes up where people did not want it and comes back where they did; one that was not given to a VF
/// is seen where the owner sees it now, so that a disk in use
/// never jumps; else where the record says that it was, before the box was started again; else where the
/// owner's other namespaces of that kind are; else by the first of its VFs. A private one without owner, or whose
/// owner has no VF of the device, is seen by none.
/// </summary>
internal sealed class VisibilityPlan
{
    private readonly OwnerSnapshot _owners;
    private readonly IReadOnlyList<ManagedNamespace> _namespaces;

    public VisibilityPlan(IReadOnlyList<ManagedNamespace> namespaces, OwnerSnapshot owners)
    {
        _namespaces = namespaces;
        _owners = owners;
    }

    /// <summary>The VFs that are to see a namespace, in order.</summary>
    public IReadOnlyList<int> WantedOf(ManagedNamespace found)
    {
        if (found.IsShared)
        {
            return [.. _owners.Functions.Keys.Order()];
        }

        if (_owners.RecordOf(found) is not { } record)
        {
            return [];
        }

        if (record.GivenTo > 0)
        {
            return _owners.Functions.TryGetValue(record.GivenTo, out var who) && who == record.Owner ? [record.GivenTo] : [];
        }

        return (SeenBy(found, record.Owner) ?? KeptFor(found, record.Owner) ?? HolderOf(record.Owner)) is { } holder ? [holder] : [];
    }

    /// <summary>The VF that sees those private namespaces of a host that were given to no VF by name. Null when the host has no VF of this device.</summary>
    public int? HolderOf(HostIdentity owner)
    {
        int? first = null;
        foreach (var found in _namespaces)
        {
            if (!found.IsShared && _owners.RecordOf(found) is { GivenTo: 0 } record
                && record.Owner == owner && SeenBy(found, owner) is { } seen && !(first < seen))
            {
                first = seen;
            }
        }

        return first ?? _owners.Functions.Where(f => f.Value == owner).Select(f => (int?)f.Key).Min();
    }

    /// <summary>The private namespaces that a VF is to see: those that go with it to another host.</summary>
    public IReadOnlyList<ManagedNamespace> PrivateOf(int virtualFunction) =>
        [.. _namespaces.Where(n => !n.IsShared && WantedOf(n).Contains(virtualFunction))];

    /// <summary>What must change: first what is to be seen no more, since a private namespace must leave one VF before another can have it.</summary>
    public IReadOnlyList<VisibilityChange> Changes()
    {
        var hidden = new List<VisibilityChange>();
        var shown = new List<VisibilityChange>();
        foreach (var found in _namespaces)
        {
            var wanted = WantedOf(found);
            hidden.AddRange(found.VisibleTo.Except(wanted).Select(vf => new VisibilityChange(found.Id, vf, false)));
            shown.AddRange(wanted.Except(found.VisibleTo).Select(vf => new VisibilityChange(found.Id, vf, true)));
        }

        return [.. hidden, .. shown];
    }

    /// <summary>Records to be changed, since the place of a private namespace is another than what they say.</summary>
    public IReadOnlyList<NamespaceRecord> PlacesToRecord() =>
    [
        .. _namespaces.Where(n => !n.IsShared && _owners.RecordOf(n) is not null && WantedOf(n) is [var vf] && _owners.RecordOf(n)!.SeenBy != vf)
            .Select(n => _owners.RecordOf(n)! with { SeenBy = WantedOf(n)[0] }),
    ];

    private int? KeptFor(ManagedNamespace found, HostIdentity owner) =>
        _owners.RecordOf(found) is { SeenBy: > 0 and var vf } && _owners.Functions.TryGetValue(vf, out var who) && who == owner ? vf : null;

    private int? SeenBy(ManagedNamespace found, HostIdentity owner)
    {
        foreach (var vf in found.VisibleTo)
        {
            if (_owners.Functions.TryGetValue(vf, out var who) && who == owner)
            {
                return vf;
            }
        }

        return null;
    }
}
