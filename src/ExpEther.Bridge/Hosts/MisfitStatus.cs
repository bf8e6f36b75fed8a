using ExpEther.Bridge.Diagnosis;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Hosts;

/// <summary>An I/O box that asks for a link and cannot have one. Its word is not trusted.</summary>
/// <param name="Mac">As its frames say.</param>
/// <param name="Trouble">Why.</param>
public sealed record MisfitStatus(MacAddress Mac, SetupTrouble Trouble);
