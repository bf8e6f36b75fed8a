using ExpEther.Core.Time;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// One end of a PCI Express link inside a process: TLPs go in by <see cref="TryAccept"/> and come out by <see cref="TryTake"/>.
/// Whole TLPs as bytes (header, payload, digest if TD), without sequence number and LCRC, which belong to a physical link.
/// </summary>
public interface ITlpPort
{
    /// <summary>
    /// Takes a TLP that arrives. A malformed one is taken, dropped and counted. Non-posted requests are always taken (their number is
    /// bounded by tags); a posted request or completion may be refused for lack of room.
    /// </summary>
    /// <returns>False: no room now. The caller keeps the TLP, sends nothing after it that may not pass it, and offers it again later.</returns>
    bool TryAccept(ReadOnlySpan<byte> tlp, Instant now);

    /// <summary>Hands out the next TLP to leave, in order.</summary>
    /// <param name="now">The owner's time.</param>
    /// <param name="into">At least <see cref="Tlp.TlpLimits.BytesMax"/> bytes.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>False when nothing waits.</returns>
    bool TryTake(Instant now, Span<byte> into, out int length);
}
