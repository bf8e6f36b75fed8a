using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>A message, such as ERR_NONFATAL, or with data Set_Slot_Power_Limit (PCIe 5.0 §2.2.8).</summary>
/// <param name="Requester">Who sends it.</param>
/// <param name="Code">Which message.</param>
/// <param name="Routing">How it travels.</param>
/// <param name="Target">Bus, device and function for a message routed by ID; else zero.</param>
public readonly record struct Message(Rid Requester, MessageCode Code, MessageRouting Routing, Rid Target = default)
{
    public int Write(Span<byte> into) => WriteHeader(into, 0, 0);

    /// <param name="into">Room for the whole TLP.</param>
    /// <param name="data">Whole DWs, 4 to 4096 bytes.</param>
    public int Write(Span<byte> into, ReadOnlySpan<byte> data)
    {
        Check.That(data.Length is > 0 and <= TlpLimits.PayloadBytesMax && (data.Length & 3) == 0);
        var header = WriteHeader(into, TlpHeader.FmtData, data.Length / 4);
        data.CopyTo(into[header..]);
        return header + data.Length;
    }

    private int WriteHeader(Span<byte> into, int fmt, int lengthDw)
    {
        TlpHeader.WriteDw0(into, fmt | TlpHeader.Fmt4Dw | 0b10000 | (int)Routing, lengthDw, default, TlpAttributes.None, 0);
        TlpHeader.WriteRequester(into, Requester, default, (byte)Code);
        into.Slice(8, 8).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], Target.Value);
        return 16;
    }
}
