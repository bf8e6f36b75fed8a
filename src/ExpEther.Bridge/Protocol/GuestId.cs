namespace ExpEther.Bridge.Protocol;

/// <summary>A virtual machine's UUID in a control message: 16 bytes in the order in which RFC 9562 §4 writes them. All zeros stand for none.</summary>
internal static class GuestId
{
    public const int Bytes = 16;

    public static void Write(Guid guest, Span<byte> into) => guest.TryWriteBytes(into[..Bytes], bigEndian: true, out _);

    public static Guid Read(ReadOnlySpan<byte> from) => new(from[..Bytes], bigEndian: true);
}
