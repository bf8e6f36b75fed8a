namespace ExpEther.Nvme.Protocol;

/// <summary>An LBA format descriptor (NVMe 1.4 figure 246).</summary>
/// <param name="MetadataBytes">MS.</param>
/// <param name="DataSizeLog2">LBADS: 9 for 512 bytes, 12 for 4096.</param>
/// <param name="RelativePerformance">RP: 0 best to 3 degraded.</param>
public readonly record struct LbaFormat(ushort MetadataBytes, byte DataSizeLog2, byte RelativePerformance)
{
    public int BlockBytes => 1 << DataSizeLog2;

    public static LbaFormat FromDword(uint value) => new((ushort)value, (byte)(value >> 16), (byte)((value >> 24) & 3));

    public uint ToDword() => MetadataBytes | ((uint)DataSizeLog2 << 16) | ((uint)RelativePerformance << 24);
}
