namespace ExpEther.Link.Sealing;

/// <summary>An AEAD under one key: a key is made for one direction of one epoch and one phase of it, and seals nothing else.</summary>
public interface IFrameCipher : IDisposable
{
    /// <param name="nonce">12 bytes, never the same twice under this key.</param>
    /// <param name="records">Encrypted in place.</param>
    /// <param name="tag">16 bytes, written.</param>
    /// <param name="header">Authenticated and not encrypted.</param>
    void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> records, Span<byte> tag, ReadOnlySpan<byte> header);

    /// <param name="nonce">12 bytes.</param>
    /// <param name="records">Ciphertext.</param>
    /// <param name="tag">16 bytes.</param>
    /// <param name="plain">As long as <paramref name="records"/>; zeros when the tag does not fit.</param>
    /// <param name="header">As it was authenticated.</param>
    /// <returns>False: the tag does not fit.</returns>
    bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> records, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> header);
}
