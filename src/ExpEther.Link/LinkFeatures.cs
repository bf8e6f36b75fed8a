namespace ExpEther.Link;

/// <summary>What a side can do; the link uses what both can.</summary>
[Flags]
public enum LinkFeatures : uint
{
    None = 0,

    /// <summary>Selective acknowledgement.</summary>
    SelectiveAck = 1,

    /// <summary>Hint records.</summary>
    Hints = 2,
}
