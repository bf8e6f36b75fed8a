namespace ExpEther.Daemon.Control;

/// <summary>What a client may cost a daemon.</summary>
public static class ControlLimits
{
    public const int ConnectionsMax = 32;

    /// <summary>Clients that wait to be accepted.</summary>
    public const int BacklogMax = 512;

    /// <summary>One line of JSON, its line feed included.</summary>
    public const int LineBytesMax = 65_536;

    public const int JsonDepthMax = 16;

    /// <summary>Raw bytes announced by one <c>data</c> line.</summary>
    public const int DataBytesMax = 1 << 20;

    /// <summary>Calls of one connection that run at the same time.</summary>
    public const int CallsMax = 16;

    /// <summary>What a client has not read yet; senders of bulk data wait below this.</summary>
    public const int OutputBytesMax = 8 << 20;

    /// <summary>Senders of bulk data wait while a client has this much left to read.</summary>
    public const int OutputBytesHigh = 2 << 20;

    /// <summary>Bulk data of one call that its command has not taken yet; the connection is not read meanwhile.</summary>
    public const int InputBytesHigh = 2 << 20;

    /// <summary>Bytes read from or written to one connection at one turn of the owner loop.</summary>
    public const int TurnBytesMax = 1 << 20;

    /// <summary>A client that has begun a line or bulk data must go on within this.</summary>
    public const int InputSecondsMax = 30;

    /// <summary>A client that has output to read must read some of it within this.</summary>
    public const int OutputSecondsMax = 30;
}
