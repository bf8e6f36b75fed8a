using ExpEther.Core.Time;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>Where the bytes of DMA reads go, and who is told when one is over.</summary>
internal interface IDmaReadOwner
{
    Span<byte> Destination(DmaPurpose purpose, int owner, int offset, int bytes);

    void OnReadEnded(DmaPurpose purpose, int owner, bool ok, Instant now);
}
