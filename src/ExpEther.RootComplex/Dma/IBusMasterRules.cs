using ExpEther.Pcie;

namespace ExpEther.RootComplex.Dma;

/// <summary>Which functions below a root complex may master its bus.</summary>
internal interface IBusMasterRules
{
    /// <summary>Are requests of this function let through to memory and interrupts?</summary>
    bool MayMaster(Rid requester);

    /// <summary>The most that one completion to it may carry, bytes.</summary>
    int MaxPayloadBytesOf(Rid requester);
}
