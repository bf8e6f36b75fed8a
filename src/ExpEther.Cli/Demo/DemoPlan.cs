namespace ExpEther.Cli.Demo;

/// <summary>Who is in the demo, and what the one device has.</summary>
/// <param name="Hosts">How many.</param>
/// <param name="Shared">Namespaces that all of them see, in the order of their NSIDs.</param>
/// <param name="Pool">The file from which private namespaces are cut.</param>
internal sealed record DemoPlan(int Hosts, IReadOnlyList<SharedDisk> Shared, string Pool)
{
    public const string Device = "disk1";

    private const int FirstVlan = 101;

    /// <summary>In the order of the switch's ports. The I/O box is on a trunk and uses all VLANs; moving a function changes the one it uses.</summary>
    public IReadOnlyList<string> Nodes { get; } = ["io", .. Enumerable.Range(1, Hosts).Select(n => $"host{n}")];

    public long PoolBytes => ((long)Hosts * DemoLimits.PrivateBytes) + DemoLimits.PoolSpareBytes;

    /// <param name="node">A host's place in <see cref="Nodes"/>.</param>
    public static int VlanOf(int node) => FirstVlan + node - 1;

    /// <summary>The virtual function that a host gets.</summary>
    public static string FunctionOf(int node) => $"{Device}.vf{node}";
}
