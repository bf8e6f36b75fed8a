namespace ExpEther.Simulation;

/// <summary>
/// Sizes and times of a simulated fabric. Times of the fabric are shorter than its defaults, in proportion, so that a minute sees every one
/// of them pass.
/// </summary>
public static class SimulationLimits
{
    public const int HostsMax = 8;
    public const int BoxesMax = 4;
    public const int DisksPerBox = 2;

    /// <summary>Of a device that hosts share.</summary>
    public const int VirtualFunctions = 4;

    /// <summary>A shared device's pool of private namespaces: its metadata, and one chunk for each 2048 more.</summary>
    public const int PoolBlocks = 15 * 2048;

    public const int DiskBlocks = 256;
    public const int BlockBytes = 512;
    public const int BlocksPerCommandMax = 64;
    public const int TraceLinesMax = 300;
    public const int TurnsMax = 20_000;
    public const int OperationsMin = 1000;

    /// <summary>How long faults go on.</summary>
    public static readonly TimeSpan Trouble = TimeSpan.FromSeconds(45);

    /// <summary>How long the fabric may take to be whole again after the last fault.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(90);

    /// <summary>How long the load goes on on a whole fabric; every command succeeds then.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(12);

    /// <summary>In calm a command takes no longer.</summary>
    public static readonly TimeSpan CalmCommand = TimeSpan.FromSeconds(2);

    /// <summary>How often a host looks which namespaces a virtual function has, without being told that they changed.</summary>
    public static readonly TimeSpan NamespaceLook = TimeSpan.FromSeconds(2);

    /// <summary>A host looks this long after it was told, at most.</summary>
    public static readonly TimeSpan NamespaceChangeLook = TimeSpan.FromMilliseconds(100);

    public static readonly TimeSpan LinkDead = TimeSpan.FromSeconds(4);
    public static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(7);
    public static readonly TimeSpan DmaTimeout = TimeSpan.FromSeconds(6);
    public static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(8);
    public static readonly TimeSpan PlugTimeout = TimeSpan.FromSeconds(3);

    /// <summary>After this a disk's command has ended: its timeout, the abort's, and a reset with all that it may wait for.</summary>
    public static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(7 + 5 + 1 + 60);

    /// <summary>After this an attach, detach or move has ended: another one's end, release, record, plug.</summary>
    public static readonly TimeSpan BridgeCommandLimit = TimeSpan.FromSeconds(30 + 8 + 10 + 10 + 3 + 5);
}
