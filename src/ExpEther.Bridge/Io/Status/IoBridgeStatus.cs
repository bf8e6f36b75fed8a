using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Status;

/// <summary>A whole I/O bridge as people ask for it.</summary>
public sealed record IoBridgeStatus(
    string Name, MacAddress Mac, IReadOnlyList<IoFunctionStatus> Functions, IReadOnlyList<IoHostStatus> Hosts, IReadOnlyList<DiscoveredHost> Discovered,
    IoBridgeCounters Counters)
{
    /// <summary>What stands in the way of the box's work, in words; empty: nothing does.</summary>
    public string Trouble { get; init; } = "";

    public IReadOnlyList<IoDeviceStatus> Devices { get; init; } = [];
}
