namespace ExpEther.Nvme.Controller.Dma;

/// <summary>What a DMA read is for, and so who gets its bytes.</summary>
internal enum DmaPurpose : byte
{
    /// <summary>The tag is free.</summary>
    None,
    Commands,
    PrpList,
    Data,

    /// <summary>The admin completion queue that an earlier life left behind.</summary>
    LeftBehind,
}
