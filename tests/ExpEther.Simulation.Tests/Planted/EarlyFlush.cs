using ExpEther.Nvme.Backends;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A flush is acknowledged at once, and done late (<paramref name="isLost"/>: never).</summary>
internal sealed class EarlyFlush(bool isLost) : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend, disk, isLost);

    private sealed class Backend(IBlockBackend inner, SimDisk disk, bool isLost) : IBlockBackend
    {
        private const uint OurCookie = 0x4000_0000;
        private readonly Queue<BlockCompletion> _early = new();
        private readonly Queue<long> _late = new();

        public long LengthBytes => inner.LengthBytes;

        public int BlockBytes => inner.BlockBytes;

        public bool IsReadOnly => inner.IsReadOnly;

        public bool DeallocatedReadsZeroes => inner.DeallocatedReadsZeroes;

        public int WriteGranularityBytes => inner.WriteGranularityBytes;

        public int DeallocateGranularityBytes => inner.DeallocateGranularityBytes;

        public bool TrySubmit(in BlockRequest request)
        {
            if (request.Operation != BlockOperation.Flush)
            {
                return inner.TrySubmit(request);
            }

            _early.Enqueue(new BlockCompletion(request.Cookie, 0));
            if (!isLost)
            {
                _late.Enqueue(disk.Now.Nanoseconds + 400_000_000);
            }

            return true;
        }

        public bool TryTakeCompletion(out BlockCompletion completion)
        {
            while (_late.TryPeek(out var at) && at <= disk.Now.Nanoseconds && inner.TrySubmit(new BlockRequest(BlockOperation.Flush, 0, 0, default, OurCookie)))
            {
                _late.Dequeue();
            }

            if (_early.TryDequeue(out completion))
            {
                return true;
            }

            while (inner.TryTakeCompletion(out completion))
            {
                if (completion.Cookie != OurCookie)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
