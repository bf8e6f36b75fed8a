using System.Buffers.Binary;
using ExpEther.Daemon.Capture;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Swap;

/// <summary>Reads the TLP interfaces of a file that <c>expether capture</c> wrote; frames and other blocks are passed over.</summary>
internal static class CapturedTlps
{
    private const int PacketHeadBytes = 28;
    private const int PacketCapturedBytes = 20;
    private const int InterfaceNumber = 8;

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public static IReadOnlyList<CapturedTlp> Read(ReadOnlySpan<byte> file)
    {
        var found = new List<CapturedTlp>();
        var linkTypes = new List<ushort>();
        if (file.Length < Pcapng.BlockBytesMin || BinaryPrimitives.ReadUInt32LittleEndian(file) != Pcapng.SectionHeader)
        {
            throw new InvalidDataException("it is no pcapng file in little-endian, as `expether capture` writes it");
        }

        for (var at = 0; at < file.Length;)
        {
            var length = file.Length - at >= Pcapng.BlockBytesMin ? BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]) : 0;
            if (length < Pcapng.BlockBytesMin || length > file.Length - at)
            {
                throw new InvalidDataException($"it is cut short or damaged at byte {at}");
            }

            var block = file.Slice(at, length);
            at += length;
            switch (BinaryPrimitives.ReadUInt32LittleEndian(block))
            {
                case Pcapng.InterfaceDescription when length >= Pcapng.BlockBytesMin + 2:
                    linkTypes.Add(BinaryPrimitives.ReadUInt16LittleEndian(block[8..]));
                    break;
                case Pcapng.EnhancedPacket when length >= PacketHeadBytes:
                    var number = BinaryPrimitives.ReadInt32LittleEndian(block[InterfaceNumber..]);
                    var bytes = BinaryPrimitives.ReadInt32LittleEndian(block[PacketCapturedBytes..]);
                    if (number >= 0 && number < linkTypes.Count && linkTypes[number] == Pcapng.LinkTypeUser0
                        && bytes >= 0 && bytes <= length - PacketHeadBytes && Parse(block.Slice(PacketHeadBytes, bytes)) is { } tlp)
                    {
                        found.Add(tlp);
                    }

                    break;
            }
        }

        return found;
    }

    private static CapturedTlp? Parse(ReadOnlySpan<byte> packet) =>
        packet.Length <= TapLayout.Bytes || packet[TapLayout.Version] != TapLayout.CurrentVersion
        || TlpView.TryParse(packet[TapLayout.Bytes..], out _) != TlpError.None
            ? null
            : new CapturedTlp(
                (TlpTapPoint)packet[TapLayout.Point],
                (TlpDirection)packet[TapLayout.Direction],
                BinaryPrimitives.ReadUInt16LittleEndian(packet[TapLayout.Function..]),
                new VlanId(BinaryPrimitives.ReadUInt16LittleEndian(packet[TapLayout.Vlan..])),
                BinaryPrimitives.ReadUInt64LittleEndian(packet[TapLayout.Generation..]),
                packet[TapLayout.Bytes..].ToArray());
}
