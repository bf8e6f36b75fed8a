using System.Buffers.Binary;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// Cuts a memory write or a completion with data that is longer than the next link's Max_Payload_Size into TLPs that are not. Writes are
/// cut at addresses that are multiples of it (byte enables stay with the first and the last DW, PCIe 5.0 §2.2.5); completions on read
/// completion boundaries, with byte count and lower address going on (§2.3.1.1). Digests are made anew.
/// </summary>
internal static class TlpPieces
{
    /// <summary>128 B boundaries are boundaries for an RCB of 64 B too.</summary>
    private const int CompletionBoundary = 128;

    /// <summary>Makes the next piece and moves <paramref name="offset"/> past it. A TLP that fits, or has no payload, is its own only piece.</summary>
    /// <param name="tlp">The whole TLP.</param>
    /// <param name="maxPayloadBytes">128 to 4096.</param>
    /// <param name="offset">Payload bytes already handed out; 0 at first.</param>
    /// <param name="into">Room for a piece that has to be made.</param>
    /// <param name="piece">In <paramref name="into"/>, or the TLP itself.</param>
    /// <returns>True when this was the last piece.</returns>
    public static bool Next(in TlpView tlp, int maxPayloadBytes, ref int offset, Span<byte> into, out ReadOnlySpan<byte> piece)
    {
        var payload = tlp.Payload;
        if (payload.Length <= maxPayloadBytes || tlp.Kind is not (TlpKind.MemoryWrite or TlpKind.CompletionWithData))
        {
            piece = tlp.Bytes;
            offset = payload.Length;
            return true;
        }

        var start = offset;
        var bytes = tlp.Kind == TlpKind.MemoryWrite
            ? WriteBytes(tlp, start, maxPayloadBytes)
            : CompletionBytes(tlp, start, maxPayloadBytes);
        offset = start + bytes;
        var last = offset == payload.Length;
        var header = tlp.HeaderBytes;
        tlp.Bytes[..header].CopyTo(into);
        SetLength(into, bytes / 4);
        if (tlp.Kind == TlpKind.MemoryWrite)
        {
            FixWrite(tlp, start, bytes, last, into);
        }
        else
        {
            FixCompletion(tlp, start, into);
        }

        payload.Slice(start, bytes).CopyTo(into[header..]);
        var length = header + bytes;
        if (tlp.HasDigest)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into[length..], Ecrc.Compute(into[..length]));
            length += TlpLimits.DigestBytes;
        }

        piece = into[..length];
        return last;
    }

    private static int WriteBytes(in TlpView tlp, int start, int maxPayloadBytes)
    {
        var room = maxPayloadBytes - (int)((tlp.Address + (ulong)start) & (ulong)(maxPayloadBytes - 1));
        return Math.Min(room, tlp.Payload.Length - start);
    }

    private static int CompletionBytes(in TlpView tlp, int start, int maxPayloadBytes)
    {
        var left = tlp.Payload.Length - start;
        if (left <= maxPayloadBytes)
        {
            return left;
        }

        var from = (tlp.LowerAddress & ~3) + start;
        return ((from + maxPayloadBytes) & ~(CompletionBoundary - 1)) - from;
    }

    private static void FixWrite(in TlpView tlp, int start, int bytes, bool last, Span<byte> into)
    {
        var firstEnables = start == 0 ? tlp.FirstByteEnables : 0xF;
        var lastEnables = last ? tlp.LastByteEnables : 0xF;
        if (bytes == 4)
        {
            // One DW has first byte enables only.
            firstEnables = last ? lastEnables : firstEnables;
            lastEnables = 0;
        }

        into[7] = (byte)((lastEnables << 4) | firstEnables);
        var address = tlp.Address + (ulong)start;
        if (tlp.HeaderBytes == 16)
        {
            BinaryPrimitives.WriteUInt64BigEndian(into[8..], address);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(into[8..], (uint)address);
        }
    }

    private static void FixCompletion(in TlpView tlp, int start, Span<byte> into)
    {
        if (start == 0)
        {
            return;
        }

        var done = start - (tlp.LowerAddress & 3);
        var byteCount = tlp.ByteCount - done;
        into[6] = (byte)((into[6] & 0xF0) | ((byteCount >> 8) & 0xF));
        into[7] = (byte)byteCount;
        into[11] = (byte)((tlp.LowerAddress + done) & 0x7F);
    }

    private static void SetLength(Span<byte> into, int lengthDw)
    {
        into[2] = (byte)((into[2] & ~3) | ((lengthDw >> 8) & 3));
        into[3] = (byte)lengthDw;
    }
}
