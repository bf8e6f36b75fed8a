using System.Numerics;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>The largest TLP payload that frames of an MTU carry whole, and the MTU that a payload needs (docs/wire-format.md, "INIT and ACCEPT").</summary>
public static class MaxPayload
{
    private const int BesideBytes =
        FrameLayout.Bytes + Seal.GcmTagBytes + CreditRecordLayout.Bytes + TlpRecordLayout.Bytes + LinkLimits.TlpOverheadBytesMax;

    /// <param name="mtuBytes">Bytes after the EtherType, at least <see cref="LinkLimits.MtuBytesMin"/>.</param>
    /// <returns>A power of two, 512 to 4096.</returns>
    public static int ForMtu(int mtuBytes)
    {
        Check.That(mtuBytes >= LinkLimits.MtuBytesMin);
        return Math.Min(1 << BitOperations.Log2((uint)(mtuBytes - BesideBytes)), LinkLimits.PayloadBytesMax);
    }

    /// <returns>The least MTU that carries TLPs of this payload.</returns>
    public static int MtuFor(int payloadBytes) => payloadBytes + BesideBytes;
}
