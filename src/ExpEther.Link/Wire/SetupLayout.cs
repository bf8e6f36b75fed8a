namespace ExpEther.Link.Wire;

/// <summary>Offsets into INIT and ACCEPT, from the first byte after the EtherType (docs/wire-format.md, "INIT and ACCEPT").</summary>
public static class SetupLayout
{
    public const int Header = 0;
    public const int InitiatorNonce = 64;
    public const int ResponderNonce = 80;
    public const int Features = 96;
    public const int KnownEpoch = 100;
    public const int PostedHeaders = 104;
    public const int PostedData = 108;
    public const int NonPostedHeaders = 112;
    public const int NonPostedData = 116;
    public const int CompletionHeaders = 120;
    public const int CompletionData = 124;
    public const int MtuBytes = 128;
    public const int WindowRecords = 130;
    public const int VersionMin = 132;
    public const int VersionMax = 133;
    public const int NameBytes = 134;
    public const int Reserved = 135;

    /// <summary>Where the name begins; the tag follows it.</summary>
    public const int Bytes = 136;

    public const int NonceBytes = 16;
}
