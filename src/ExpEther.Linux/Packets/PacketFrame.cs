namespace ExpEther.Linux.Packets;

/// <summary>A frame in a ring slot: valid until the slot is released.</summary>
public readonly ref struct PacketFrame
{
    internal PacketFrame(ReadOnlySpan<byte> bytes, bool isWhole, ushort vid)
    {
        Bytes = bytes;
        IsWhole = isWhole;
        Vid = vid;
    }

    /// <summary>Destination, source, EtherType, payload; the 802.1Q tag taken off by the kernel.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>False: longer than a slot; only the start is here.</summary>
    public bool IsWhole { get; }

    /// <summary>The VLAN ID of the tag; 0 without one or for one that carries only a priority.</summary>
    public ushort Vid { get; }
}
