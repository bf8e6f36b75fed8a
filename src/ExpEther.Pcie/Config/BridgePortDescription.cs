namespace ExpEther.Pcie.Config;

/// <summary>What a root or switch port's configuration space shows; fixed for its life.</summary>
public sealed record BridgePortDescription
{
    /// <summary>Root, upstream or downstream port.</summary>
    public required PortType PortType { get; init; }

    public required ushort VendorId { get; init; }

    public required ushort DeviceId { get; init; }

    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    public byte RevisionId { get; init; }

    /// <summary>Link Capabilities' Port Number, 0 to 255.</summary>
    public byte PortNumber { get; init; }

    /// <summary>Bytes: 128 to 4096, a power of two.</summary>
    public int MaxPayloadSupported { get; init; } = 512;

    /// <summary>Physical Slot Number of a hot-plug slot, 1 to 8191; null: no slot (root and downstream ports only).</summary>
    public int? SlotNumber { get; init; }

    /// <summary>Device Serial Number (EUI-64); null: no such capability.</summary>
    public ulong? Serial { get; init; }

    public bool MultiFunction { get; init; }
}
