using System.Security.Cryptography;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Sealing;

/// <summary>
/// A P-256 key pair for one set-up message (NIST SP 800-56A). It agrees with one peer's key once and is gone then: a second answer to the message
/// finds nothing it could make a session of.
/// </summary>
internal sealed class EphemeralKey : IDisposable
{
    private const int ScalarBytes = 32;

    // The order of P-256's group (FIPS 186-4, D.1.2.3): private scalars are 1 to it less one.
    private static ReadOnlySpan<byte> Order =>
    [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ];

    private ECDiffieHellman? _key;

    public EphemeralKey(IRandomSource random)
    {
        var scalar = new byte[ScalarBytes];
        do
        {
            random.Fill(scalar);
        }
        while (scalar.AsSpan().SequenceCompareTo(Order) >= 0 || !scalar.AsSpan().ContainsAnyExcept((byte)0));

        _key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar });
        CryptographicOperations.ZeroMemory(scalar);
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        PublicKey = [.. point.X!, .. point.Y!];
    }

    /// <summary>X ‖ Y, 64 bytes, in network order.</summary>
    public byte[] PublicKey { get; }

    /// <summary>Agrees, and forgets the private key whatever comes of it.</summary>
    /// <param name="peer">The peer's <see cref="PublicKey"/>.</param>
    /// <returns>The X coordinate of the common point, 32 bytes; null: the peer's key is no point of the curve.</returns>
    public byte[]? TryAgree(ReadOnlySpan<byte> peer)
    {
        Check.That(_key is not null && peer.Length == SetupLayout.PublicKeyBytes);
        try
        {
            // The platform checks that the point is on the curve, whose cofactor is 1: no other check is needed (SP 800-56A §5.6.2.3.3).
            using var other = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = peer[..ScalarBytes].ToArray(), Y = peer[ScalarBytes..].ToArray() },
            });
            return _key.DeriveRawSecretAgreement(other.PublicKey);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _key?.Dispose();
        _key = null;
    }
}
