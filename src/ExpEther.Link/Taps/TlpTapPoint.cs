namespace ExpEther.Link.Taps;

/// <summary>On which side of the I/O bridge's swap of addresses and IDs a TLP is seen.</summary>
public enum TlpTapPoint : byte
{
    /// <summary>As on the link: Mem_H, VF_H, Host_H. Before the swap on the way to a device, after it on the way back.</summary>
    HostSide = 1,

    /// <summary>As on the box's device bus: Mem_IO, VF_IO, Host_IO. After the swap on the way to a device, before it on the way back.</summary>
    DeviceSide = 2,
}
