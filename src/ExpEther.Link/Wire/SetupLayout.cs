namespace ExpEther.Link.Wire;

/// <summary>Offsets into INIT and ACCEPT, from the first byte after the EtherType (docs/wire-format.md, "INIT and ACCEPT").</summary>
public static class SetupLayout
{
    public const int Header = 0;
    public const int Nonce = 64;
    public const int Challenge = 80;
    public const int PublicKey = 96;
    public const int Incarnation = 160;
    public const int Features = 168;
    public const int KnownEpoch = 172;
    public const int PostedHeaders = 176;
    public const int PostedData = 180;
    public const int NonPostedHeaders = 184;
    public const int NonPostedData = 188;
    public const int CompletionHeaders = 192;
    public const int CompletionData = 196;
    public const int MtuBytes = 200;
    public const int WindowRecords = 202;
    public const int VersionMin = 204;
    public const int VersionMax = 205;
    public const int NameBytes = 206;
    public const int Reserved = 207;

    /// <summary>Where the name begins; the tag follows it.</summary>
    public const int Bytes = 208;

    public const int NonceBytes = 16;
    public const int ChallengeBytes = 16;
    public const int PublicKeyBytes = 64;
}
