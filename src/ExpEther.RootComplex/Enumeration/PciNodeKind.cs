namespace ExpEther.RootComplex.Enumeration;

/// <summary>What stands at a place of the tree, from the header type and the PCI Express capability's Device/Port Type.</summary>
public enum PciNodeKind
{
    Endpoint,
    RootPort,
    UpstreamPort,
    DownstreamPort,

    /// <summary>A bridge without a PCI Express capability, or of a kind not met in this fabric.</summary>
    OtherBridge,
}
