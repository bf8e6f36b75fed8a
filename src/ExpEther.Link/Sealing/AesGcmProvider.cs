namespace ExpEther.Link.Sealing;

/// <summary>AES-256-GCM of the platform.</summary>
public sealed class AesGcmProvider : ICipherProvider
{
    public static readonly AesGcmProvider Instance = new();

    private AesGcmProvider()
    {
    }

    public IFrameCipher Make(ReadOnlySpan<byte> key) => new AesGcmCipher(key);
}
