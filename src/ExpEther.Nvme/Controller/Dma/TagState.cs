namespace ExpEther.Nvme.Controller.Dma;

internal enum TagState : byte
{
    Free,
    Live,

    /// <summary>Nobody waits for it any more (a reset), but its completion is still to come.</summary>
    Abandoned,

    /// <summary>Timed out. Held until its completion comes after all, or a function reset.</summary>
    Lost,
}
