using System.Buffers.Binary;
using ExpEther.Link.Taps;

namespace ExpEther.Daemon.Capture;

/// <summary>
/// What a capture writes before each TLP: link type 147 (LINKTYPE_USER0), this header, then the TLP. Little-endian but for the MACs.
/// docs/capture.md has it as a table.
/// </summary>
public static class TapLayout
{
    public const int Version = 0;
    public const int Point = 1;
    public const int Direction = 2;
    public const int Reserved = 3;
    public const int Function = 4;
    public const int Vlan = 6;
    public const int Generation = 8;
    public const int Host = 16;
    public const int Box = 22;

    /// <summary>Length of the whole header.</summary>
    public const int Bytes = 28;

    public const byte CurrentVersion = 1;

    public static void Write(Span<byte> into, in TlpPassage passage)
    {
        into[Version] = CurrentVersion;
        into[Point] = (byte)passage.Point;
        into[Direction] = (byte)passage.Direction;
        into[Reserved] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(into[Function..], passage.Function);
        BinaryPrimitives.WriteUInt16LittleEndian(into[Vlan..], passage.Vlan.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(into[Generation..], passage.Generation);
        passage.Host.Write(into[Host..]);
        passage.Box.Write(into[Box..]);
    }
}
