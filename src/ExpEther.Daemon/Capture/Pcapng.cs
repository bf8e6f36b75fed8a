using System.Buffers.Binary;
using System.Text;

namespace ExpEther.Daemon.Capture;

/// <summary>
/// The four blocks of the pcapng format that a capture needs (IETF draft-ietf-opsawg-pcapng, §4.1 to §4.6), in little-endian: section
/// header, interface description, enhanced packet, interface statistics. Times are nanoseconds since 1970.
/// </summary>
public static class Pcapng
{
    public const uint SectionHeader = 0x0A0D0D0A;
    public const uint InterfaceDescription = 1;
    public const uint InterfaceStatistics = 5;
    public const uint EnhancedPacket = 6;

    public const ushort LinkTypeEthernet = 1;
    public const ushort LinkTypeUser0 = 147;

    /// <summary>Type and length before, length after.</summary>
    public const int BlockBytesMin = 12;

    private const uint ByteOrderMagic = 0x1A2B3C4D;
    private const int PacketHeadBytes = 28;
    private const ushort OptionEnd = 0;
    private const ushort OptionName = 2;
    private const ushort OptionDescription = 3;
    private const ushort OptionApplication = 4;
    private const ushort OptionTimeResolution = 9;
    private const ushort OptionPacketFlags = 2;
    private const ushort OptionReceived = 4;
    private const ushort OptionDropped = 5;

    /// <summary>An enhanced packet block's size.</summary>
    /// <param name="bytes">Of the packet.</param>
    /// <param name="hasFlags">It says inbound or outbound.</param>
    public static int PacketBytes(int bytes, bool hasFlags) => PacketHeadBytes + Padded(bytes) + (hasFlags ? 12 : 0) + 4;

    public static byte[] Section(string application)
    {
        var options = Options((OptionApplication, Encoding.UTF8.GetBytes(application)));
        var body = new byte[16 + options.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(body, ByteOrderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), 1);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), -1); // section length: not known
        options.CopyTo(body, 16);
        return Block(SectionHeader, body);
    }

    public static byte[] Interface(ushort linkType, string name, string description)
    {
        var options = Options(
            (OptionName, Encoding.UTF8.GetBytes(name)), (OptionDescription, Encoding.UTF8.GetBytes(description)), (OptionTimeResolution, [9]));
        var body = new byte[8 + options.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(body, linkType);
        options.CopyTo(body, 8);
        return Block(InterfaceDescription, body);
    }

    public static byte[] Statistics(int interfaceNumber, long atNanoseconds, long received, long dropped)
    {
        var options = Options((OptionReceived, BitConverter.GetBytes(received)), (OptionDropped, BitConverter.GetBytes(dropped)));
        var body = new byte[12 + options.Length];
        BinaryPrimitives.WriteInt32LittleEndian(body, interfaceNumber);
        WriteTime(body.AsSpan(4), atNanoseconds);
        options.CopyTo(body, 12);
        return Block(InterfaceStatistics, body);
    }

    /// <summary>Writes an enhanced packet block but for its packet's bytes.</summary>
    /// <param name="into">As long as <see cref="PacketBytes"/> says.</param>
    /// <param name="interfaceNumber">Counted from 0 in the order of interface blocks.</param>
    /// <param name="atNanoseconds">Since 1970.</param>
    /// <param name="bytes">Bytes that are kept of the packet.</param>
    /// <param name="originalBytes">Bytes that it had.</param>
    /// <param name="flags">1 inbound, 2 outbound; 0: not said.</param>
    /// <returns>Where the packet's bytes go.</returns>
    public static Span<byte> BeginPacket(Span<byte> into, int interfaceNumber, long atNanoseconds, int bytes, int originalBytes, uint flags)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, EnhancedPacket);
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], into.Length);
        BinaryPrimitives.WriteInt32LittleEndian(into[8..], interfaceNumber);
        WriteTime(into[12..], atNanoseconds);
        BinaryPrimitives.WriteInt32LittleEndian(into[20..], bytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[24..], originalBytes);
        var at = PacketHeadBytes + Padded(bytes);
        into[(PacketHeadBytes + bytes)..at].Clear();
        if (flags != 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(into[at..], OptionPacketFlags);
            BinaryPrimitives.WriteUInt16LittleEndian(into[(at + 2)..], 4);
            BinaryPrimitives.WriteUInt32LittleEndian(into[(at + 4)..], flags);
            BinaryPrimitives.WriteUInt32LittleEndian(into[(at + 8)..], OptionEnd);
            at += 12;
        }

        BinaryPrimitives.WriteInt32LittleEndian(into[at..], into.Length);
        return into.Slice(PacketHeadBytes, bytes);
    }

    private static int Padded(int bytes) => (bytes + 3) & ~3;

    // §4.3.1: the upper half first.
    private static void WriteTime(Span<byte> into, long nanoseconds)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)(nanoseconds >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], (uint)nanoseconds);
    }

    private static byte[] Options(params ReadOnlySpan<(ushort Code, byte[] Value)> options)
    {
        using var into = new MemoryStream();
        Span<byte> head = stackalloc byte[4];
        foreach (var (code, value) in options)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(head, code);
            BinaryPrimitives.WriteUInt16LittleEndian(head[2..], (ushort)value.Length);
            into.Write(head);
            into.Write(value);
            into.SetLength(Padded((int)into.Length));
            into.Position = into.Length;
        }

        head.Clear();
        into.Write(head);
        return into.ToArray();
    }

    private static byte[] Block(uint type, byte[] body)
    {
        var block = new byte[BlockBytesMin + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(block, type);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), block.Length);
        body.CopyTo(block, 8);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(block.Length - 4), block.Length);
        return block;
    }
}
