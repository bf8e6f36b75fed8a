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

    /// <summary>Of a daemon's answer, whose objects of objects a client does not choose.</summary>
    public const int AnswerDepthMax = 64;

    /// <summary>One line of a daemon's answer: <c>ls</c> and <c>stats</c> of the largest configuration are far below it.</summary>
    public const int AnswerBytesMax = 64 << 20;

    /// <summary>Clients accepted at one turn of the owner loop.</summary>
    public const int AcceptsPerTurnMax = 64;

    /// <summary>Raw bytes for calls that have ended, read and thrown away: what was on its way when the answer left, and some more.</summary>
    public const int StrayBytesMax = 16 << 20;

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

    /// <summary>A line or a piece of bulk data that a client has begun must be whole within this; time in which it is not read does not count.</summary>
    public const int InputSecondsMax = 30;

    /// <summary>A command that takes bulk data waits so long for the next piece: what a client reads from may be slow.</summary>
    public const int InputPauseSecondsMax = 600;

    /// <summary>A client that has output to read must read some of it within this.</summary>
    public const int OutputSecondsMax = 30;

    /// <summary>All that waited for a client at one moment must have been read within this, however steadily it reads.</summary>
    public const int DrainSecondsMax = 120;

    /// <summary>A client asks a daemon that has said nothing for so long whether it works.</summary>
    public const int SilenceSecondsMax = 5;

    /// <summary>A daemon that works answers that within this.</summary>
    public const int PulseSecondsMax = 10;
}
