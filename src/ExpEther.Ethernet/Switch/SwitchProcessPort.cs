using ExpEther.Ethernet.Ports;

namespace ExpEther.Ethernet.Switch;

/// <summary>One port of a <see cref="SwitchProcess"/>.</summary>
/// <param name="Name">Unique in the switch; faults are set by it.</param>
/// <param name="Port">The network behind it; the process disposes it.</param>
/// <param name="Mode">Which VLANs.</param>
public sealed record SwitchProcessPort(string Name, INetworkPort Port, SwitchPortMode Mode);
