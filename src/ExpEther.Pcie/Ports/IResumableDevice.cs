using ExpEther.Core.Time;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// A device whose functions can tell their host's driver, by the means of their own kind, that they have lost all they knew and must be set up
/// again. Such a function may go on in the same slot after its box was started again: what the host wrote into its configuration space is
/// given back to it, and it says the rest.
/// <para>
/// A function may keep a note for its next life: at most <see cref="PortLimits.ResumeNoteBytesMax"/> bytes that nobody but the device reads.
/// It is kept at the host's side, so what comes back is a peer's word: the device checks it, and does without it if it does not fit.
/// </para>
/// </summary>
public interface IResumableDevice
{
    /// <summary>Some function's note is another than the one last taken.</summary>
    bool HasNote { get; }

    /// <param name="function">Its routing ID. One that no function has: false.</param>
    bool CanResume(Rid function);

    /// <summary>
    /// Equal in two lives of the function if the second has all that the first had told its host to be done, and another number otherwise: a
    /// host that goes on must not miss anything.
    /// </summary>
    /// <param name="function">Its routing ID.</param>
    ulong ContinuityOf(Rid function);

    /// <summary>The function's note, if it is another than the one last taken.</summary>
    /// <param name="function">Its routing ID.</param>
    /// <param name="into">At least <see cref="PortLimits.ResumeNoteBytesMax"/> bytes.</param>
    /// <param name="length">0: what was noted before holds no more.</param>
    bool TryTakeNote(Rid function, Span<byte> into, out int length);

    /// <summary>
    /// The function, reset and not used since, goes on where an earlier life of it ended: it shows its host that it must be set up again.
    /// </summary>
    /// <param name="function">Its routing ID.</param>
    /// <param name="note">What is said to have been its last note; possibly empty, possibly forged.</param>
    /// <param name="now">The owner's time.</param>
    void Resume(Rid function, ReadOnlySpan<byte> note, Instant now);
}
