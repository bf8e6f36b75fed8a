using ExpEther.Bridge.Io.Ownership;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>Who owned what of one device at a time when all of it was durable.</summary>
/// <param name="Functions">Owners of VFs, by their number; those without are left out.</param>
/// <param name="Namespaces">Owners of private namespaces.</param>
internal sealed record OwnerSnapshot(IReadOnlyDictionary<int, HostIdentity> Functions, IReadOnlyList<NamespaceRecord> Namespaces)
{
    /// <summary>The record of a namespace; null when nobody owns it. One of another UUID is of a namespace that is no more.</summary>
    public NamespaceRecord? RecordOf(ManagedNamespace found)
    {
        foreach (var record in Namespaces)
        {
            if (record.Id == found.Id && record.Uuid == found.Uuid)
            {
                return record;
            }
        }

        return null;
    }

    public HostIdentity? OwnerOf(ManagedNamespace found) => RecordOf(found)?.Owner;
}
