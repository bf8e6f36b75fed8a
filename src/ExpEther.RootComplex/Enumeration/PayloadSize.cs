namespace ExpEther.RootComplex.Enumeration;

/// <summary>Max_Payload_Size and its like as fields: 128 bytes shifted by 0 to 5 (PCIe 5.0 §7.5.3.4).</summary>
internal static class PayloadSize
{
    public static int ToBytes(int field) => 128 << Math.Min(field & 7, 5);

    public static int ToField(int bytes) => int.Log2(bytes) - 7;
}
