namespace ExpEther.Pcie.Config;

/// <summary>What an endpoint's configuration space shows and can do; fixed for its life.</summary>
public sealed record EndpointDescription
{
    public required ushort VendorId { get; init; }

    public required ushort DeviceId { get; init; }

    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    /// <summary>24 bits: base class, sub-class, programming interface (01_08_02h is NVMe).</summary>
    public required int ClassCode { get; init; }

    public byte RevisionId { get; init; }

    /// <summary>None for a VF: its PF's <see cref="SrIovDescription.VfBars"/> are its.</summary>
    public IReadOnlyList<BarDescription> Bars { get; init; } = [];

    /// <summary>0: no MSI-X capability; else 1 to 2048.</summary>
    public int MsixVectors { get; init; }

    public MsixLocation MsixTable { get; init; }

    public MsixLocation MsixPba { get; init; }

    /// <summary>Device Serial Number (EUI-64); null: no such capability.</summary>
    public ulong? Serial { get; init; }

    /// <summary>Bytes: 128 to 4096, a power of two.</summary>
    public int MaxPayloadSupported { get; init; } = 512;

    public bool FlrCapable { get; init; } = true;

    public bool Ari { get; init; }

    /// <summary>With <see cref="Ari"/>: the next function's number; 0 ends the list.</summary>
    public byte AriNextFunction { get; init; }

    /// <summary>Shows ACS: the functions of this device do not reach each other.</summary>
    public bool Acs { get; init; }

    /// <summary>The device makes and checks digests when software enables that in AER.</summary>
    public bool Ecrc { get; init; }

    public bool MultiFunction { get; init; }

    public bool Tag10BitCompleter { get; init; } = true;

    public bool Tag10BitRequester { get; init; }

    /// <summary>Of a PF; null: a conventional function, or a VF.</summary>
    public SrIovDescription? SrIov { get; init; }

    /// <summary>
    /// A VF: its IDs read as FFFFh, it has no BARs and no Memory Space Enable, and what concerns the whole device is its PF's to say.
    /// Such a configuration space is made with its PF's.
    /// </summary>
    public bool IsVirtualFunction { get; init; }

    /// <summary>Accepts 32- and 64-bit atomics.</summary>
    public bool AtomicCompleter { get; init; }
}
