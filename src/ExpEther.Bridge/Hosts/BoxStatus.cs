using ExpEther.Bridge.Diagnosis;
using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Hosts;

/// <summary>An I/O box that has, or had, a link to this host bridge.</summary>
/// <param name="Mac">Its address in this VLAN.</param>
/// <param name="Name">As it calls itself; empty before its link is up.</param>
/// <param name="IsUp">Whether its link is up.</param>
/// <param name="IsSilent">Up, but nothing was heard for longer than the path-silent time.</param>
/// <param name="Epoch">Of the link; grows at every new set-up.</param>
/// <param name="MtuBytes">Longest frame of the link's epoch, as set-up found it.</param>
/// <param name="MaxPayloadBytes">Largest TLP payload on this link.</param>
/// <param name="Counters">The link's, live.</param>
/// <param name="Trouble">Why its link does not come up again, as far as it can be known here.</param>
public sealed record BoxStatus(
    MacAddress Mac, string Name, bool IsUp, bool IsSilent, uint Epoch, int MtuBytes, int MaxPayloadBytes, LinkCounters Counters, SetupTrouble Trouble);
