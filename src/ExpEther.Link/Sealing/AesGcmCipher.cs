using System.Security.Cryptography;

namespace ExpEther.Link.Sealing;

/// <summary>The only place that knows AesGcm and its exception.</summary>
internal sealed class AesGcmCipher(ReadOnlySpan<byte> key) : IFrameCipher
{
    private readonly AesGcm _gcm = new(key, Seal.GcmTagBytes);

    public void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> records, Span<byte> tag, ReadOnlySpan<byte> header) =>
        _gcm.Encrypt(nonce, records, records, tag, header);

    public bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> records, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> header)
    {
        try
        {
            _gcm.Decrypt(nonce, records, tag, plain, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _gcm.Dispose();
}
