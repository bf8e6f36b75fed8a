using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>A message without data, such as ERR_NONFATAL (PCIe 5.0 §2.2.8).</summary>
/// <param name="Requester">Who sends it.</param>
/// <param name="Code">Which message.</param>
/// <param name="Routing">How it travels.</param>
/// <param name="Target">Bus, device and function for a message routed by ID; else zero.</param>
public readonly record struct Message(Rid Requester, MessageCode Code, MessageRouting Routing, Rid Target = default)
{
    public int Write(Span<byte> into)
    {
        TlpHeader.WriteDw0(into, TlpHeader.Fmt4Dw | 0b10000 | (int)Routing, 0, default, TlpAttributes.None, 0);
        TlpHeader.WriteRequester(into, Requester, default, (byte)Code);
        into.Slice(8, 8).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], Target.Value);
        return 16;
    }
}
