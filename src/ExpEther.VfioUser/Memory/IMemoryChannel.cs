namespace ExpEther.VfioUser.Memory;

/// <summary>How a client is asked for its memory: what <see cref="AskedReads"/> and <see cref="GuestMemory"/> need of a connection.</summary>
internal interface IMemoryChannel
{
    /// <summary>Sends a DMA_READ.</summary>
    /// <returns>False: no room now.</returns>
    bool TrySendRead(ushort id, ulong address, int bytes);

    /// <summary>Sends a DMA_WRITE that nobody answers.</summary>
    /// <returns>False: no room now.</returns>
    bool TrySendWrite(ulong address, ReadOnlySpan<byte> data);
}
