using System.Collections.ObjectModel;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Io.Changes;

/// <summary>What is to be different at an I/O bridge that runs, all of it or nothing. A host's identity is its (VLAN, MAC).</summary>
public sealed record IoBridgeChange
{
    public IReadOnlyList<IoHostOptions> HostsAdded { get; init; } = [];

    public IReadOnlyList<IoHostOptions> HostsRemoved { get; init; } = [];

    /// <summary>Hosts that stay, with another name or key.</summary>
    public IReadOnlyList<IoHostOptions> HostsChanged { get; init; } = [];

    /// <summary>Devices to bring up, by name; each not used by anyone else from now on.</summary>
    public IReadOnlyList<(string Name, IPcieDevice Device)> DevicesAdded { get; init; } = [];

    /// <summary>How many virtual functions devices of <see cref="DevicesAdded"/> are to have; those that are not named are used as they are.</summary>
    public IReadOnlyDictionary<string, int> VirtualFunctions { get; init; } = ReadOnlyDictionary<string, int>.Empty;

    /// <summary>Names of devices; one of <see cref="DevicesAdded"/> may have the name of one removed.</summary>
    public IReadOnlyList<string> DevicesRemoved { get; init; } = [];

    public required TimeSpan LinkDead { get; init; }

    public required TimeSpan PathSilent { get; init; }

    public required TimeSpan ReleaseTimeout { get; init; }
}
