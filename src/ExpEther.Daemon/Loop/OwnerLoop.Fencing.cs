using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Loop;

/// <content>What becomes of a part in which a bug shows.</content>
public sealed partial class OwnerLoop
{
    private bool _mustDrop;

    /// <summary>A sequence of a part ended in an exception (<see cref="IOwnedPart.Scope"/>).</summary>
    /// <returns>False: nothing goes on without the part.</returns>
    public bool OnSequenceFailed(IOwnedPart part, Exception e)
    {
        // What it left is never used again, and what still runs of it may well fail too.
        var isFenced = _fenced.Contains(part) || !_parts.Contains(part) || TryFence(part, e);
        DropFenced();
        return isFenced;
    }

    /// <summary>A bug that shows in one part ends that part, where it can be done without, and not the loop of all.</summary>
    private bool TryFence(IOwnedPart part, Exception e)
    {
        if (!part.TryFence(e))
        {
            return false;
        }

        _fenced.Add(part);
        _mustDrop = true;
        return true;
    }

    private void DropFenced()
    {
        if (_mustDrop)
        {
            _mustDrop = false;
            _parts.RemoveAll(_fenced.Contains);
            _nextPart = 0;
        }
    }

    private FrameTrust GiveFrame(IOwnedPart part, in ReceivedFrame frame, Instant now)
    {
        part.Scope?.Enter();
        try
        {
            return part.OnFrame(frame, now);
        }
        catch (Exception e) when (TryFence(part, e))
        {
            return FrameTrust.None;
        }
        finally
        {
            SequenceScope.Leave();
        }
    }
}
