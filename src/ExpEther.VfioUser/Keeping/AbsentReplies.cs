using System.Buffers.Binary;
using ExpEther.Linux;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Keeping;

/// <summary>
/// What a client is told whose device is gone: as of an empty slot, reads are all-ones and writes go nowhere (PCIe 5.0 §2.3.2). All that a client needs
/// to go on living by itself succeeds: QEMU ends at a DMA_MAP that fails. What describes the device fails, so that no client begins with one.
/// </summary>
internal static class AbsentReplies
{
    /// <summary>Guests read no more at a time; QEMU reads a new device's whole configuration space by one message.</summary>
    private const int ReadBytesMax = 8;

    private const int AccessBytes = RegionAccess.Size;
    private const int CountAt = 12;

    /// <summary>Writes the whole reply to a request.</summary>
    /// <param name="request">Its header.</param>
    /// <param name="payload">Its payload, or the beginning of it: <see cref="SessionJournal.PayloadBytes"/> are enough.</param>
    /// <param name="isDoubtful">It may have been answered already: the reply is a header alone.</param>
    /// <param name="into">Room for <see cref="BytesMax"/>.</param>
    /// <returns>The reply's length.</returns>
    public static int Write(in MessageHeader request, ReadOnlySpan<byte> payload, bool isDoubtful, Span<byte> into)
    {
        switch (request.Command)
        {
            case VfioUserCommand.DmaMap or VfioUserCommand.DeviceSetIrqs or VfioUserCommand.DeviceReset:
                return Done(request, [], into);
            case VfioUserCommand.DmaUnmap:
                return Done(request, isDoubtful ? [] : payload[..Math.Min(payload.Length, DmaUnmap.Size)], into);
            case VfioUserCommand.RegionWrite when payload.Length >= AccessBytes:
                return Done(request, isDoubtful ? [] : payload[..AccessBytes], into);
            case VfioUserCommand.RegionRead when payload.Length >= AccessBytes && !isDoubtful
                && BinaryPrimitives.ReadUInt32LittleEndian(payload[CountAt..]) is <= ReadBytesMax and var count:
                into.Slice(MessageHeader.Size + AccessBytes, (int)count).Fill(0xFF);
                payload[..AccessBytes].CopyTo(into[MessageHeader.Size..]);
                request.Reply(AccessBytes + (int)count).WriteTo(into);
                return MessageHeader.Size + AccessBytes + (int)count;
            default:
                request.Refusal(Errno.EIO).WriteTo(into);
                return MessageHeader.Size;
        }
    }

    /// <summary>The longest reply.</summary>
    public const int BytesMax = MessageHeader.Size + DmaUnmap.Size + ReadBytesMax;

    private static int Done(in MessageHeader request, ReadOnlySpan<byte> payload, Span<byte> into)
    {
        payload.CopyTo(into[MessageHeader.Size..]);
        request.Reply(payload.Length).WriteTo(into);
        return MessageHeader.Size + payload.Length;
    }
}
