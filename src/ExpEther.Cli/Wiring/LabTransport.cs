namespace ExpEther.Cli.Wiring;

/// <summary>What joins a laboratory's processes.</summary>
internal enum LabTransport
{
    /// <summary>Packet sockets on veth pairs between network namespaces; needs root.</summary>
    Namespaces,

    /// <summary>The same inside a user namespace; needs a kernel that lets users make them.</summary>
    UserNamespaces,

    /// <summary>UDP on loopback; needs nothing.</summary>
    Udp,
}
