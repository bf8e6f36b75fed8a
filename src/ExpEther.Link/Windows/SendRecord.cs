namespace ExpEther.Link.Windows;

/// <summary>A sequenced record in the send ring.</summary>
internal struct SendRecord
{
    public int Offset;
    public int Length;

    /// <summary>The frame that carried it last.</summary>
    public ulong Frame;

    /// <summary>That frame's timestamp, microseconds.</summary>
    public uint Timestamp;

    /// <summary>Where the record ended among that frame's records.</summary>
    public int EndInFrame;

    /// <summary>How often it was lost in a long frame.</summary>
    public byte LargeLosses;

    public SendRecordState State;
}
