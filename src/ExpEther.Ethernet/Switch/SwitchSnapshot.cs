namespace ExpEther.Ethernet.Switch;

/// <summary>All of a switch at a moment.</summary>
public sealed record SwitchSnapshot(IReadOnlyList<SwitchPortSnapshot> Ports, int LearnedAddresses);
