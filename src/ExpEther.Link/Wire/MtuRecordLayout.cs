namespace ExpEther.Link.Wire;

/// <summary>Offsets into an MTU record (docs/wire-format.md, "MTU record").</summary>
public static class MtuRecordLayout
{
    public const int Prefix = 0;
    public const int MtuBytes = 4;

    /// <summary>The whole record.</summary>
    public const int Bytes = 6;
}
