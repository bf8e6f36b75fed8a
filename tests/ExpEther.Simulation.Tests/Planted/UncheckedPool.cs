using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>Whatever is read as a copy of a pool's metadata has the right checksum.</summary>
internal sealed class UncheckedPool : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        private const uint PoolsOwn = 0x8000_0000;
        private Memory<byte> _reading;

        protected override BlockRequest Changed(in BlockRequest request)
        {
            if (request is { Operation: BlockOperation.Read, Bytes: PoolLimits.MetadataBytes, Cookie: PoolsOwn })
            {
                _reading = request.Buffer;
            }

            return request;
        }

        protected override BlockCompletion Changed(in BlockCompletion completion)
        {
            if (completion.Cookie == PoolsOwn && !_reading.IsEmpty)
            {
                Seal(_reading.Span);
                _reading = default;
            }

            return completion;
        }

        private static void Seal(Span<byte> copy)
        {
            var bytes = BinaryPrimitives.ReadInt32LittleEndian(copy[16..]);
            if (Encoding.ASCII.GetString(copy[..7]) == "EXPPOOL" && bytes >= 128 && bytes <= copy.Length)
            {
                copy.Slice(40, 32).Clear();
                SHA256.HashData(copy[..bytes]).CopyTo(copy[40..]);
            }
        }
    }
}
