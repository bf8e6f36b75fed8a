namespace ExpEther.Link.Wire;

/// <summary>Offsets into a TLP record, its prefix included (docs/wire-format.md, "TLP record").</summary>
public static class TlpRecordLayout
{
    public const int Prefix = 0;
    public const int Function = 4;
    public const int Reserved = 6;
    public const int Generation = 8;

    /// <summary>Where the TLP begins.</summary>
    public const int Bytes = 16;
}
