using System.Security.Cryptography;

namespace ExpEther.Linux;

/// <summary>The operating system's generator: for nonces and keys.</summary>
public sealed class SystemRandom : IRandomSource
{
    public void Fill(Span<byte> into) => RandomNumberGenerator.Fill(into);
}
