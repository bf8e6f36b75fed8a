namespace ExpEther.Link.Wire;

/// <summary>Offsets into ANNOUNCE, from the first byte after the EtherType (docs/wire-format.md, "ANNOUNCE").</summary>
public static class AnnouncementLayout
{
    public const int Header = 0;
    public const int Features = 64;
    public const int Slots = 68;
    public const int WantsSeal = 70;
    public const int NameBytes = 71;

    /// <summary>Where the name begins; the CRC32C follows it.</summary>
    public const int Bytes = 72;
}
