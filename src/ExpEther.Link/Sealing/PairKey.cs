using System.Security.Cryptography;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Sealing;

/// <summary>
/// The pre-shared key of one host and one box, made from the host's key by a one-way function (docs/security.md, "Keys of pairs"). The host has its own
/// key and so every pair's; a box needs only its pair's, and with that it can neither read nor be another box, nor the host.
/// </summary>
public static class PairKey
{
    /// <param name="hostKey">32 bytes.</param>
    /// <param name="box">The box's MAC, by which the host knows it.</param>
    public static byte[] Derive(byte[] hostKey, MacAddress box)
    {
        Check.That(hostKey.Length == LinkLimits.KeyBytes);
        var info = new byte["expether 2 pair"u8.Length + MacAddress.Bytes];
        "expether 2 pair"u8.CopyTo(info);
        box.Write(info.AsSpan(info.Length - MacAddress.Bytes));
        return HKDF.Expand(HashAlgorithmName.SHA256, hostKey, LinkLimits.KeyBytes, info);
    }
}
