using System.Buffers.Binary;
using System.Security.Cryptography;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Sealing;

/// <summary>
/// Keys by HKDF with SHA-256 (RFC 5869; docs/wire-format.md, "Keys"). The pre-shared key is mixed into all of them, both MACs and the VLAN too,
/// the initiator's MAC first, so that a key fits one link and one direction only; what seals frames also depends on a secret of
/// ephemeral keys and on every byte of INIT and ACCEPT.
/// </summary>
internal static class KeySchedule
{
    public const int TranscriptBytes = SHA256.HashSizeInBytes;

    private const int BindingBytes = 2 + (2 * MacAddress.Bytes);

    /// <summary>The key that authenticates set-up frames. It is only ever used for an HMAC.</summary>
    public static byte[] Setup(byte[] preSharedKey, in LinkBinding binding) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, preSharedKey, LinkLimits.KeyBytes, [], [.. "expether 2 setup"u8, .. Bytes(binding)]);

    /// <summary>What one set-up is: whose it is, and every byte of its two messages.</summary>
    /// <param name="binding">VLAN and MACs.</param>
    /// <param name="init">INIT from Version to the name's end, its Length as 0.</param>
    /// <param name="accept">ACCEPT likewise.</param>
    public static byte[] Transcript(in LinkBinding binding, byte[] init, byte[] accept) =>
        SHA256.HashData([.. "expether 2 set-up"u8, .. Bytes(binding), .. init, .. accept]);

    /// <summary>The secrets of both directions' first phases.</summary>
    /// <param name="preSharedKey">32 bytes.</param>
    /// <param name="agreed">What both ephemeral keys agree on (ECDH P-256, the X coordinate).</param>
    /// <param name="transcript">Of <see cref="Transcript"/>.</param>
    public static (byte[] InitiatorToResponder, byte[] ResponderToInitiator) Secrets(byte[] preSharedKey, byte[] agreed, byte[] transcript)
    {
        // Either input alone keeps the result secret: the pre-shared key as HMAC's key, the agreed secret as its message.
        var extracted = HKDF.Extract(HashAlgorithmName.SHA256, agreed, preSharedKey);
        var forth = HKDF.Expand(HashAlgorithmName.SHA256, extracted, LinkLimits.KeyBytes, [.. "expether 2 i>r"u8, .. transcript]);
        var back = HKDF.Expand(HashAlgorithmName.SHA256, extracted, LinkLimits.KeyBytes, [.. "expether 2 r>i"u8, .. transcript]);
        CryptographicOperations.ZeroMemory(extracted);
        return (forth, back);
    }

    /// <summary>The AES-256-GCM key of a phase.</summary>
    public static byte[] FrameKey(byte[] phaseSecret) =>
        HKDF.Expand(HashAlgorithmName.SHA256, phaseSecret, LinkLimits.KeyBytes, "expether 2 key"u8.ToArray());

    /// <summary>The secret of the phase after it.</summary>
    public static byte[] NextPhase(byte[] phaseSecret) =>
        HKDF.Expand(HashAlgorithmName.SHA256, phaseSecret, LinkLimits.KeyBytes, "expether 2 next"u8.ToArray());

    private static byte[] Bytes(in LinkBinding binding)
    {
        var bytes = new byte[BindingBytes];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, binding.Vlan.Value);
        binding.Initiator.Write(bytes.AsSpan(2));
        binding.Responder.Write(bytes.AsSpan(2 + MacAddress.Bytes));
        return bytes;
    }
}
