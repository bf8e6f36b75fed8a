namespace ExpEther.Ethernet.Switch;

/// <summary>Sees a frame as it entered a switch: whole, tag inline, before any decision about it. Valid during the call only.</summary>
/// <param name="port">The name of the port it came in by.</param>
/// <param name="frame">Destination, source, tag, EtherType, payload.</param>
public delegate void SwitchTap(string port, ReadOnlySpan<byte> frame);
