namespace ExpEther.Daemon.Counters;

/// <summary>
/// Where everything is in a counter page (docs/counters.md): a header, a table of entries, two banks of values. Numbers are in the
/// machine's byte order, which is little-endian wherever this runs.
/// </summary>
public static class CounterPageLayout
{
    /// <summary>"EXPECNTR", read as a little-endian number.</summary>
    public const ulong Magic = 0x52_54_4E_43_45_50_58_45;

    public const uint Version = 1;

    public const int HeaderBytes = 128;

    public const int MagicOffset = 0;
    public const int VersionOffset = 8;
    public const int HeaderBytesOffset = 12;
    public const int GenerationOffset = 16;
    public const int SequenceOffset = 24;
    public const int ProcessIdOffset = 32;
    public const int EntryCountOffset = 36;
    public const int TableOffsetOffset = 40;
    public const int TableBytesOffset = 44;
    public const int Bank0OffsetOffset = 48;
    public const int Bank1OffsetOffset = 52;
    public const int BankBytesOffset = 56;
    public const int FileBytesOffset = 60;
    public const int PublishMillisecondsOffset = 64;
    public const int HeartbeatMillisecondsOffset = 68;
    public const int EntriesLeftOutOffset = 72;

    /// <summary>Of an entry: its bytes, kind, path and text lengths; then path and text, then zeros up to a multiple of 8.</summary>
    public const int EntryHeadBytes = 8;
    public const int EntryBytesOffset = 0;
    public const int EntryKindOffset = 2;
    public const int EntryPathBytesOffset = 4;
    public const int EntryTextBytesOffset = 6;

    /// <summary>Of a bank: the time of its publication, then a value per entry.</summary>
    public const int BankHeadBytes = 8;
}
