namespace ExpEther.Link.Sealing;

/// <summary>
/// Where the AEAD of sealed frames comes from: the platform in a daemon. The simulator puts itself in between to see every key and nonce
/// that is used.
/// </summary>
public interface ICipherProvider
{
    /// <param name="key">32 bytes; the caller may overwrite them afterwards.</param>
    IFrameCipher Make(ReadOnlySpan<byte> key);
}
