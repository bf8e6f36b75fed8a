using System.Buffers.Binary;
using System.Text;

namespace ExpEther.Daemon.Keeping;

/// <summary>
/// A message between a bridge and its keeper, of one size: both are of one version, or do not talk. Descriptors go with its first byte.
/// <code>
///   0 magic   4 version   6 kind   8 number   16 length of the name   18 name, UTF-8
/// </code>
/// </summary>
/// <param name="Kind">What is told.</param>
/// <param name="Number">A connection's or a listening socket's.</param>
/// <param name="Name">A server's name, or a socket's path.</param>
internal readonly record struct KeeperMessage(KeeperMessageKind Kind, long Number = 0, string Name = "")
{
    public const int Bytes = 256;

    private const uint Magic = 0x504B_5845; // "EXKP"
    private const ushort Version = 2;
    private const int NameAt = 18;

    public void WriteTo(Span<byte> into)
    {
        into[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(into, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(into[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(into[6..], (ushort)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], Number);
        _ = Encoding.UTF8.TryGetBytes(Name.Length > Bytes / 2 ? Name[..(Bytes / 2)] : Name, into[NameAt..Bytes], out var written);
        BinaryPrimitives.WriteUInt16LittleEndian(into[16..], (ushort)written);
    }

    /// <returns>False: it is none of this version.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out KeeperMessage message)
    {
        message = default;
        if (bytes.Length != Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) != Version
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]) is var length && length > Bytes - NameAt)
        {
            return false;
        }

        var kind = (KeeperMessageKind)BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        message = new KeeperMessage(kind, BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), Encoding.UTF8.GetString(bytes.Slice(NameAt, length)));
        return kind is >= KeeperMessageKind.Hello and <= KeeperMessageKind.Listener;
    }
}
