using System.Buffers.Binary;
using System.Security.Cryptography;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Sealing;

/// <summary>
/// Keys from the pre-shared key by HKDF with SHA-256 (RFC 5869; docs/wire-format.md, "Keys"). Both MACs and the VLAN go into every key, the
/// initiator's MAC first, so that a key fits one link and one direction only.
/// </summary>
internal static class KeySchedule
{
    private const int BindingBytes = 2 + (2 * MacAddress.Bytes);

    /// <summary>The key that authenticates INIT, ACCEPT and STALE.</summary>
    public static byte[] Setup(byte[] preSharedKey, in LinkBinding binding) => Derive(preSharedKey, [], "expether 1 setup"u8, binding);

    public static byte[] InitiatorToResponder(byte[] preSharedKey, byte[] nonces, in LinkBinding binding) =>
        Derive(preSharedKey, nonces, "expether 1 i>r"u8, binding);

    public static byte[] ResponderToInitiator(byte[] preSharedKey, byte[] nonces, in LinkBinding binding) =>
        Derive(preSharedKey, nonces, "expether 1 r>i"u8, binding);

    private static byte[] Derive(byte[] preSharedKey, byte[] salt, ReadOnlySpan<byte> label, in LinkBinding binding)
    {
        var info = new byte[label.Length + BindingBytes];
        label.CopyTo(info);
        var tail = info.AsSpan(label.Length);
        BinaryPrimitives.WriteUInt16BigEndian(tail, binding.Vlan.Value);
        binding.Initiator.Write(tail[2..]);
        binding.Responder.Write(tail[(2 + MacAddress.Bytes)..]);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, preSharedKey, LinkLimits.KeyBytes, salt, info);
    }
}
