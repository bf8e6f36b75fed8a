namespace ExpEther.Linux.Polling;

/// <summary>poll(2)'s event bits. Error and HangUp need not be asked for.</summary>
[Flags]
public enum PollEvents
{
    None = 0,
    Readable = 0x001,
    Writable = 0x004,
    Error = 0x008,
    HangUp = 0x010,
    Invalid = 0x020,
}
