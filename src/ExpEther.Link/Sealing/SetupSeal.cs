using System.Buffers.Binary;
using System.Security.Cryptography;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Sealing;

/// <summary>
/// Authenticates set-up frames, which travel before there is an epoch: HMAC-SHA-256 cut to 128 bits under a key of the link, or CRC32C in
/// the unsealed form. No nonce, so nothing that a restart could make repeat.
/// </summary>
internal sealed class SetupSeal
{
    public const int HmacTagBytes = 16;

    private readonly byte[]? _key;

    public SetupSeal(LinkOptions options) => _key = options.Sealed ? KeySchedule.Setup(options.PreSharedKey, LinkBinding.Of(options)) : null;

    public bool IsSealed => _key is not null;

    public int TagBytes => _key is null ? Crc32C.Bytes : HmacTagBytes;

    /// <param name="frame">Header, body, room for the tag.</param>
    public void Close(Span<byte> frame)
    {
        var body = frame[..^TagBytes];
        var tag = frame[^TagBytes..];
        if (_key is null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(tag, Crc32C.Compute(body));
            return;
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, body, mac);
        mac[..HmacTagBytes].CopyTo(tag);
    }

    /// <param name="frame">Exactly the header's Length.</param>
    public bool IsAuthentic(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < FrameLayout.Bytes + TagBytes)
        {
            return false;
        }

        var body = frame[..^TagBytes];
        var tag = frame[^TagBytes..];
        if (_key is null)
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(tag) == Crc32C.Compute(body);
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, body, mac);
        return CryptographicOperations.FixedTimeEquals(mac[..HmacTagBytes], tag);
    }
}
