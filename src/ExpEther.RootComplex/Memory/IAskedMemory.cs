using ExpEther.Pcie;

namespace ExpEther.RootComplex.Memory;

/// <summary>
/// Memory of a host that is not mapped here and is reached by asking the host: slower, and a read's data come later. A host memory may have
/// ranges of this kind beside those that <see cref="IHostMemory.TryGetSpan"/> finds.
/// </summary>
public interface IAskedMemory
{
    /// <summary>Whether the whole access lies in one such range and has its rights.</summary>
    bool IsAsked(HostAddress address, int bytes, DmaRights rights);

    /// <summary>Writes, in order with all other writes and interrupts of the same function.</summary>
    /// <returns>False: no room to queue it now; to be offered again.</returns>
    bool TryWrite(HostAddress address, ReadOnlySpan<byte> data);

    /// <summary>Asks for data.</summary>
    /// <param name="address">Where.</param>
    /// <param name="bytes">At most 4096.</param>
    /// <param name="ticket">To ask <see cref="TakeRead"/> with.</param>
    /// <returns>False: too many reads wait; to be offered again.</returns>
    bool TryBeginRead(HostAddress address, int bytes, out int ticket);

    /// <summary>Takes the data of a read that has ended; the ticket is void after any answer but <see cref="AskedRead.Waiting"/>.</summary>
    AskedRead TakeRead(int ticket, Span<byte> into);
}
