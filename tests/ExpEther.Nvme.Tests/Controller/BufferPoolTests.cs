using CsCheck;
using ExpEther.Nvme.Controller.Dma;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class BufferPoolTests
{
    [Fact]
    public void Blocks_never_overlap_are_aligned_and_all_memory_comes_back()
    {
        Gen.Int[1, 65536].Array[1, 200].Sample(
            sizes =>
            {
                var pool = new BufferPool(1 << 19, 1 << 16);
                pool.Prepare();
                var held = new List<(int Offset, int Bytes)>();
                foreach (var size in sizes)
                {
                    if (size % 3 == 0 && held.Count > 0)
                    {
                        pool.Free(held[size % held.Count].Offset);
                        held.RemoveAt(size % held.Count);
                    }
                    else if (pool.TryAllocate(size, out var offset))
                    {
                        Assert.Equal(0, offset % 4096);
                        Assert.DoesNotContain(held, h => offset < h.Offset + h.Bytes && h.Offset < offset + size);
                        held.Add((offset, size));
                    }
                }

                held.ForEach(h => pool.Free(h.Offset));
                Assert.Equal(1 << 19, pool.FreeBytes);
                for (var i = 0; i < 8; i++)
                {
                    Assert.True(pool.TryAllocate(1 << 16, out _));
                }
            },
            iter: 300, threads: 1);
    }
}
