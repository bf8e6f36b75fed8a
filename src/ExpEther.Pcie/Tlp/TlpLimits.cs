namespace ExpEther.Pcie.Tlp;

/// <summary>Sizes that bound every TLP (PCIe 5.0 §2.2), in bytes unless named otherwise.</summary>
public static class TlpLimits
{
    public const int HeaderBytesMin = 12;
    public const int HeaderBytesMax = 16;
    public const int PayloadBytesMax = 4096;
    public const int DigestBytes = 4;

    /// <summary>The longest TLP: 4DW header, 4096 B of data, digest.</summary>
    public const int BytesMax = HeaderBytesMax + PayloadBytesMax + DigestBytes;

    /// <summary>No request crosses a boundary of this size (§2.2.7).</summary>
    public const int RequestBoundaryBytes = 4096;
}
