namespace ExpEther.Link.Wire;

/// <summary>Offsets into the frame header, from the first byte after the EtherType (docs/wire-format.md, "Frame header"). Little-endian.</summary>
public static class FrameLayout
{
    public const int Version = 0;
    public const int Type = 1;
    public const int Flags = 2;
    public const int Path = 3;
    public const int Length = 4;
    public const int EchoDelay = 6;
    public const int Epoch = 8;
    public const int Timestamp = 12;
    public const int FrameNumber = 16;
    public const int RecordSequence = 24;
    public const int Acknowledgement = 32;
    public const int TimestampEcho = 40;
    public const int FrameEcho = 44;
    public const int SelectiveAck = 48;

    /// <summary>The whole header.</summary>
    public const int Bytes = 64;

    /// <summary>The version that links speak here.</summary>
    public const byte CurrentVersion = 2;

    /// <summary>That of announcements: it stays, so that bridges of different versions see each other.</summary>
    public const byte AnnouncementVersion = 1;
}
