using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>A namespace: a backend with an identity. Its lists and counts are kept by <see cref="BackendDispatch"/>.</summary>
internal sealed class NvmeNamespace
{
    public NvmeNamespace(uint id, NvmeNamespaceOptions options, string serialNumber)
    {
        Id = id;
        Backend = options.Backend;
        IsReadOnly = options.ReadOnly || options.Backend.IsReadOnly;
        BlockShift = BitOperations.Log2((uint)options.Backend.BlockBytes);
        Blocks = (ulong)(options.Backend.LengthBytes >> BlockShift);
        Uuid = options.Uuid ?? MakeUuid(serialNumber, id);
        Check.That(options.Backend.BlockBytes is 512 or 4096 && Blocks > 0);
    }

    public uint Id { get; }

    public IBlockBackend Backend { get; }

    public bool IsReadOnly { get; set; }

    public int BlockShift { get; }

    public int BlockBytes => 1 << BlockShift;

    public ulong Blocks { get; }

    public Guid Uuid { get; }

    /// <summary>Requests that the backend has.</summary>
    public int InFlight { get; set; }

    /// <summary>Commands that wait until the backend has room: a list through the slots; -1 when empty.</summary>
    public int FirstWaiting { get; set; } = -1;

    public int LastWaiting { get; set; } = -1;

    /// <summary>The error recovery feature, which is a namespace's own.</summary>
    public uint ErrorRecovery { get; set; }

    // The same disk keeps the same name over restarts: RFC 9562, version 8, of serial number and NSID.
    private static Guid MakeUuid(string serialNumber, uint id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var name = Encoding.UTF8.GetBytes(serialNumber);
        var seed = new byte[name.Length + 4];
        name.CopyTo(seed, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(seed.AsSpan(name.Length), id);
        SHA256.HashData(seed, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
