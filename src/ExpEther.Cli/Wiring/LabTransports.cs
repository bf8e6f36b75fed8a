namespace ExpEther.Cli.Wiring;

/// <summary>Which transports to try, and what they are called.</summary>
internal static class LabTransports
{
    /// <summary>What an option that chooses one accepts.</summary>
    public static readonly string[] Names = ["namespaces", "user-namespaces", "udp"];

    extension(LabTransport transport)
    {
        /// <summary>As an option and as JSON have it.</summary>
        public string Name => Names[(int)transport];

        public string Description => transport switch
        {
            LabTransport.Namespaces => "packet sockets in network namespaces",
            LabTransport.UserNamespaces => "packet sockets in network namespaces of a user namespace",
            _ => "UDP on loopback",
        };
    }

    /// <param name="name">Null: the user chose none.</param>
    public static LabTransport? Parse(string? name) => name is null ? null : (LabTransport)Array.IndexOf(Names, name);

    /// <summary>The best first.</summary>
    /// <param name="wanted">Null: whatever works here.</param>
    public static IReadOnlyList<LabTransport> ToTry(LabTransport? wanted) => wanted is { } one
        ? [one]
        : Environment.IsPrivilegedProcess
            ? [LabTransport.Namespaces, LabTransport.UserNamespaces, LabTransport.Udp]
            : [LabTransport.UserNamespaces, LabTransport.Udp];

    /// <summary>What failed is the transport, not the lab: the next may work.</summary>
    public static bool IsReasonToTryNext(LabFailure failure) => failure.Code is "no-namespace" or "no-tool" or "no-port";
}
