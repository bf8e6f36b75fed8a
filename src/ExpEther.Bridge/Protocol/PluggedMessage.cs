using System.Buffers.Binary;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Protocol;

/// <summary>Host bridge to I/O bridge, to be shown to people: where the host sees the function. Sent again when that changes.</summary>
/// <param name="Function">Its number on the link.</param>
/// <param name="Generation">Of the assignment.</param>
/// <param name="Slot">The slot's number, from 1.</param>
/// <param name="HostH">Host_H: the requester ID that the host uses toward it.</param>
/// <param name="VfH">VF_H: the bus, device and function the host gave it.</param>
public readonly record struct PluggedMessage(ushort Function, ulong Generation, ushort Slot, Rid HostH, Rid VfH)
{
    public const int BytesMax = ControlHeader.Bytes + 6;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Plugged, Function, Generation).Write(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[12..], Slot);
        BinaryPrimitives.WriteUInt16LittleEndian(into[14..], HostH.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(into[16..], VfH.Value);
        return BytesMax;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out PluggedMessage parsed)
    {
        parsed = default;
        if (!ControlHeader.TryParse(message, ControlKind.Plugged, BytesMax, out var header))
        {
            return false;
        }

        parsed = new PluggedMessage(
            header.Function, header.Generation, BinaryPrimitives.ReadUInt16LittleEndian(message[12..]),
            new Rid(BinaryPrimitives.ReadUInt16LittleEndian(message[14..])), new Rid(BinaryPrimitives.ReadUInt16LittleEndian(message[16..])));
        return true;
    }
}
