namespace ExpEther.Link;

/// <summary>Every limit of the link, units last.</summary>
public static class LinkLimits
{
    public const ushort EtherTypeDefault = 0x88B5;

    /// <summary>A control message.</summary>
    public const int ControlBytesMax = 512;

    /// <summary>A hint.</summary>
    public const int HintBytesMax = 64;

    /// <summary>A bridge's name in UTF-8.</summary>
    public const int NameBytesMax = 64;

    /// <summary>Non-posted requests that wait for credit; more than all tags of a link's functions can be outstanding.</summary>
    public const int NonPostedAsideMax = 4096;
}
