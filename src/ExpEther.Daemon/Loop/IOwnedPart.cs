using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Loop;

/// <summary>What an <see cref="OwnerLoop"/> runs: a bridge with all that hangs on it. Called on the owner's thread only.</summary>
public interface IOwnedPart
{
    /// <summary>Frames for this address, and those for groups, are given to the part.</summary>
    MacAddress Mac { get; }

    /// <summary>Entered around the calls below, so that a sequence that fails has the part fenced. Null: a sequence that fails ends the loop.</summary>
    SequenceScope? Scope => null;

    /// <summary>When <see cref="Poll"/> has something to do by itself.</summary>
    Instant? NextDeadline { get; }

    /// <returns>How far the frame was found to prove its sender.</returns>
    FrameTrust OnFrame(in ReceivedFrame frame, Instant now);

    bool TryTakeFrame(Instant now, Span<byte> into, out int written);

    /// <returns>True when something happened, so that the loop does not go to sleep.</returns>
    bool Poll(Instant now);

    /// <summary>
    /// A bug of ours showed in one of the calls above. A part that can be done without says so, lets go of what others wait for, and is called no
    /// more; what it left is never used again. The box itself cannot: its process ends, and whoever watches over that starts another.
    /// </summary>
    /// <param name="e">What was thrown.</param>
    /// <returns>False: nothing goes on without the part.</returns>
    bool TryFence(Exception e) => false;

    /// <summary>Says good-bye to its peers; the loop then sends what <see cref="TryTakeFrame"/> still gives.</summary>
    void Close(Instant now);
}
