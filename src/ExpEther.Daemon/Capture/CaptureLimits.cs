namespace ExpEther.Daemon.Capture;

/// <summary>What a capture may cost a daemon.</summary>
public static class CaptureLimits
{
    /// <summary>What is captured and not yet sent to the client is kept in this many pieces; when all are full, packets are dropped and counted.</summary>
    public const int ChunksMax = 64;

    /// <summary>One of those pieces: holds any frame or TLP, and is sent as one data line.</summary>
    public const int ChunkBytes = 128 << 10;

    /// <summary>A longer packet is cut to this; the largest jumbo frame is below it.</summary>
    public const int PacketBytesMax = 64 << 10;

    /// <summary>How long a packet waits at most before it is sent to the client.</summary>
    public const int SendMilliseconds = 50;
}
