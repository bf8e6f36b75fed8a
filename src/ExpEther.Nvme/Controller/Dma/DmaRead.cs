using ExpEther.Core.Time;
using ExpEther.Pcie;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>One tag's outstanding read.</summary>
internal struct DmaRead
{
    public TagState State;
    public DmaPurpose Purpose;

    /// <summary>A completion was poisoned; the rest is waited for, then the read fails.</summary>
    public bool Failed;

    /// <summary>A function level reset came since: the tag is free at the deadline.</summary>
    public bool IsGivenUp;

    /// <summary>Who asked under, since software may renumber the bus meanwhile.</summary>
    public Rid Requester;

    /// <summary>The command slot, or the fetch.</summary>
    public int Owner;

    /// <summary>Where the next byte goes, in the owner's memory.</summary>
    public int Destination;
    public ulong Address;
    public int Remaining;
    public Instant Deadline;
    public short Previous;
    public short Next;
}
