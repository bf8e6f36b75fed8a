namespace ExpEther.RootComplex.Enumeration;

/// <summary>Where a function's capabilities are: byte offsets in its configuration space, 0 for "has none".</summary>
public sealed record PciCapabilities
{
    public int PowerManagement { get; init; }

    public int Msi { get; init; }

    public int MsiX { get; init; }

    public int PciExpress { get; init; }

    public int Aer { get; init; }

    public int Ari { get; init; }

    public int Acs { get; init; }

    public int SrIov { get; init; }
}
