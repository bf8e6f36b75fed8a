namespace ExpEther.Bridge.Protocol;

/// <summary>Why a host bridge does not take a function that was presented to it.</summary>
public enum RefusalReason : byte
{
    /// <summary>Every slot is occupied.</summary>
    NoFreeSlot = 1,

    /// <summary>A later generation of the same function is known there.</summary>
    OlderGeneration = 2,

    /// <summary>Another function is in the slot that was named, or is to come into it.</summary>
    SlotTaken = 3,

    /// <summary>The host bridge has fewer slots than the number that was named.</summary>
    NoSuchSlot = 4,
}
