using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>
/// UUIDs by which a disk and its namespaces are known, the same over restarts: RFC 9562, version 8, of the serial number, its scope and the
/// NSID.
/// </summary>
internal static class StableUuid
{
    /// <param name="options">The controller's: serial number and scope.</param>
    /// <param name="namespaceId">NSID; 0 for the NVM subsystem itself.</param>
    public static Guid Make(NvmeControllerOptions options, uint namespaceId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var name = Encoding.UTF8.GetBytes($"{options.SerialNumberScope}\0{options.SerialNumber}");
        var seed = new byte[name.Length + 4];
        name.CopyTo(seed, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(seed.AsSpan(name.Length), namespaceId);
        SHA256.HashData(seed, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
