namespace ExpEther.Daemon.Keeping;

/// <summary>Every bound of a keeper and of a bridge's link to one.</summary>
public static class KeeperLimits
{
    /// <summary>Connections of clients held: 32 slots of 8 guests, and what is left of earlier bridges; two descriptors each.</summary>
    public const int ConnectionsMax = 256;

    /// <summary>Sockets that are listened on: of 32 slots of 8 guests.</summary>
    public const int ListenersMax = 256;

    /// <summary>How long sockets are kept open for the next bridge: longer than a service manager takes to start it again.</summary>
    public static readonly TimeSpan NextBridgeTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long a bridge that starts waits for what its keeper has of an earlier one.</summary>
    public static readonly TimeSpan WelcomeTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Bridges that ask at the same time to be the one.</summary>
    public const int BridgesMax = 4;

    /// <summary>How long a keeper waits for its first bridge.</summary>
    public static readonly TimeSpan FirstBridgeTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Between a bridge's attempts to reach its keeper: the first, doubled up to the second.</summary>
    public static readonly TimeSpan ConnectRetryMin = TimeSpan.FromMilliseconds(20);

    public static readonly TimeSpan ConnectRetryMax = TimeSpan.FromSeconds(1);

    /// <summary>Between a bridge's attempts to start a keeper: the first, doubled up to the second; from the first again after one that lasted.</summary>
    public static readonly TimeSpan LaunchRetryMin = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan LaunchRetryMax = TimeSpan.FromMinutes(1);
}
