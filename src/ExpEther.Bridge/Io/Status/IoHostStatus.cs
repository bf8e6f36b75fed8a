using ExpEther.Bridge.Diagnosis;
using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Status;

/// <summary>A configured host.</summary>
/// <param name="Name">From the configuration.</param>
/// <param name="Vlan">Half of its identity.</param>
/// <param name="Mac">The other half.</param>
/// <param name="Linked">Its link is up.</param>
/// <param name="Announced">Its announcement has been heard lately.</param>
/// <param name="Silent">The link is up but nothing has come for a while.</param>
/// <param name="MtuBytes">Longest frame of the link's epoch, as set-up found it.</param>
/// <param name="MaxPayloadBytes">Largest TLP payload on this link.</param>
/// <param name="Functions">Names of those it owns.</param>
/// <param name="Link">The link's counters, live.</param>
/// <param name="Trouble">Why its link does not come up, as far as it can be known here.</param>
public sealed record IoHostStatus(
    string Name, VlanId Vlan, MacAddress Mac, bool Linked, bool Announced, bool Silent, int MtuBytes, int MaxPayloadBytes,
    IReadOnlyList<string> Functions, LinkCounters Link, SetupTrouble Trouble)
{
    /// <summary>Of its link; 0 while that is down.</summary>
    public uint Epoch { get; init; }

    /// <summary>It was fenced because of a bug of ours.</summary>
    public bool HasFailed { get; init; }
}
