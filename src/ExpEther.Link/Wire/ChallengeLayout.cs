namespace ExpEther.Link.Wire;

/// <summary>Offsets into HELLO and CHALLENGE, from the first byte after the EtherType (docs/wire-format.md, "HELLO and CHALLENGE").</summary>
public static class ChallengeLayout
{
    public const int Header = 0;
    public const int Nonce = 64;
    public const int Challenge = 80;
    public const int KnownEpoch = 96;
    public const int Reserved = 100;

    /// <summary>The tag follows.</summary>
    public const int Bytes = 104;
}
