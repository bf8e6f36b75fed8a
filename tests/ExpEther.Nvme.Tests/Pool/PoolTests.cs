using CsCheck;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Tests.Pool;

/// <summary>The pool against a model: what was told to be done is there after a crash, and nobody reads what another owner wrote.</summary>
public sealed class PoolTests
{
    private const int BlockBytes = 512;
    private const int Chunk = PoolLimits.ChunkBytes;
    private const int DiskBytes = PoolLimits.DataOffset + (12 * Chunk);

    private static NamespacePool Open(IBlockBackend disk, ulong seed = 1)
    {
        var pool = new NamespacePool(disk, new SeededRandom(seed));
        Settle(pool);
        return pool;
    }

    // As far as the power lasts.
    private static void Settle(NamespacePool pool)
    {
        for (var idle = 0; idle < 3;)
        {
            idle = pool.Poll() ? 0 : idle + 1;
        }
    }

    [Fact]
    public void A_blank_backend_becomes_a_pool_and_what_is_created_is_found_again()
    {
        var disk = new CrashDisk(DiskBytes, new SeededRandom(1));
        var pool = Open(disk);
        Assert.Equal((PoolState.Ready, 12L * Chunk, 12L * Chunk), (pool.State, pool.TotalBytes, pool.FreeBytes));
        Assert.Equal(PoolRefusal.None, pool.StartCreate(3000, isShared: true));
        Settle(pool);
        var created = pool.Created!;
        Assert.Equal((65u, 3000L * BlockBytes, 10L * Chunk), (created.Id, created.LengthBytes, pool.FreeBytes));
        var again = Open(disk, 2);
        var found = Assert.Single(again.Namespaces);
        Assert.Equal((created.Id, created.Uuid, created.LengthBytes, true), (found.Id, found.Uuid, found.LengthBytes, found.IsShared));
        Assert.Equal(10L * Chunk, again.FreeBytes);
    }

    [Fact]
    public void What_is_no_pool_is_refused_with_the_reason_and_left_alone()
    {
        var foreign = new CrashDisk(DiskBytes, new SeededRandom(1));
        Put(foreign, 700_000, "somebody's");
        var pool = Open(foreign);
        Assert.Equal(PoolState.Refused, pool.State);
        Assert.Contains("does not start with zeroes", pool.Problem, StringComparison.Ordinal);
        Assert.Equal(0, pool.TotalBytes);
        Assert.DoesNotContain("EXPPOOL", System.Text.Encoding.ASCII.GetString(foreign.Seen[..16]), StringComparison.Ordinal);

        var small = Open(new CrashDisk(Chunk, new SeededRandom(1)));
        Assert.Contains("needs 2097152", small.Problem, StringComparison.Ordinal);

        var disk = new CrashDisk(DiskBytes, new SeededRandom(1));
        Assert.Equal(PoolState.Ready, Open(disk).State);
        var otherBlocks = new CrashDisk(DiskBytes, new SeededRandom(1), 4096);
        Put(otherBlocks, 0, disk.Seen[..4096]);
        Assert.Contains("blocks of 512", Open(otherBlocks).Problem, StringComparison.Ordinal);

        Create(Open(disk), 11 * (Chunk / BlockBytes));
        var cut = new CrashDisk(DiskBytes - (3 * Chunk), new SeededRandom(1));
        Put(cut, 0, disk.Seen[..PoolLimits.DataOffset]);
        Assert.Contains("cut short", Open(cut).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_format_does_not_change_by_itself()
    {
        var image = new PoolImage(
            7, 512, [new PoolRecord(66, true, Guid.Parse("00112233-4455-4677-8899-aabbccddeeff"), 0x180000, [new Extent(3, 1), new Extent(9, 1)])]);
        var bytes = new byte[PoolLimits.MetadataBytes];
        Assert.Equal(128 + 48 + 16, image.Write(bytes));
        Assert.Equal("EXPPOOL2", System.Text.Encoding.ASCII.GetString(bytes, 0, 8));
        Assert.Equal("0700000000000000" + "C0000000" + "00020000" + "00001000" + "01000000" + "02000000" + "00000000", Convert.ToHexString(bytes, 8, 32));
        Assert.Equal(
            "42000000" + "01000000" + "00112233445546778899AABBCCDDEEFF" + "0000180000000000" + "02000000" + "000000000000000000000000",
            Convert.ToHexString(bytes, 128, 48));
        Assert.Equal("03000000" + "01000000" + "09000000" + "01000000", Convert.ToHexString(bytes, 176, 16));
        var read = PoolImage.Read(bytes.ToArray())!;
        Assert.Equal((7ul, 512, 1), (read.Version, read.BlockBytes, read.Namespaces.Count));
        Assert.Equal(image.Namespaces[0].Extents, read.Namespaces[0].Extents);
        for (var bit = 0; bit < 8 * 192; bit++)
        {
            var spoiled = bytes.ToArray();
            spoiled[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(PoolImage.Read(spoiled));
        }
    }

    [Fact]
    public void The_largest_pool_fits_into_a_copy_of_the_metadata() =>
        Assert.True(PoolImage.BytesOf(PoolLimits.NamespacesMax, PoolLimits.ExtentsMax) <= PoolLimits.MetadataBytes);

    [Fact]
    public void Extents_are_taken_and_given_back_without_overlap_or_loss() => Gen.Int[1, 40].Array[1, 120].Sample(
        sizes =>
        {
            var allocator = new ExtentAllocator(200);
            var owners = new int[200];
            var held = new List<List<Extent>>();
            for (var i = 0; i < sizes.Length; i++)
            {
                if (sizes[i] % 3 == 0 && held.Count > 0)
                {
                    var given = held[sizes[i] % held.Count];
                    held.Remove(given);
                    foreach (var extent in given)
                    {
                        allocator.Free(extent);
                        owners.AsSpan((int)extent.Start, (int)extent.Count).Clear();
                    }

                    continue;
                }

                var into = new List<Extent>();
                var free = owners.Count(owner => owner == 0);
                Assert.Equal((uint)free, allocator.FreeChunks);
                if (allocator.TryAllocate((uint)sizes[i], uint.MaxValue, 1000, into))
                {
                    Assert.Equal(sizes[i], into.Sum(extent => (int)extent.Count));
                    foreach (var extent in into)
                    {
                        var range = owners.AsSpan((int)extent.Start, (int)extent.Count);
                        Assert.False(range.ContainsAnyExcept(0));
                        range.Fill(i + 1);
                    }

                    held.Add(into);
                }
                else
                {
                    Assert.True(free < sizes[i]);
                    Assert.Empty(into);
                }
            }
        },
        iter: 300);

    [Fact]
    public void Crashes_and_errors_at_every_request_lose_nothing_that_was_told_and_show_nobody_anothers_data()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            new PoolModel(seed).Run(60);
        }
    }

    [Fact]
    public void A_shorter_namespace_fails_requests_beyond_its_end_instead_of_touching_others()
    {
        var pool = Open(new CrashDisk(DiskBytes, new SeededRandom(5)));
        var target = Create(pool, 2 * (Chunk / BlockBytes));
        Assert.Equal(PoolRefusal.None, pool.StartResize(target, 10));
        Settle(pool);
        Assert.True(target.TrySubmit(new BlockRequest(BlockOperation.WriteZeroes, Chunk, BlockBytes, default, 5)));
        Assert.True(target.TryTakeCompletion(out var completion));
        Assert.Equal((5u, 34), (completion.Cookie, completion.Error));
    }

    private static PoolNamespace Create(NamespacePool pool, ulong blocks)
    {
        Assert.Equal(PoolRefusal.None, pool.StartCreate(blocks, false));
        Settle(pool);
        return pool.Created!;
    }

    private static PoolNamespace Create(NamespacePool pool, int blocks) => Create(pool, (ulong)blocks);

    private static void Put(CrashDisk disk, int at, string text) =>
        Put(disk, at / disk.BlockBytes * disk.BlockBytes, System.Text.Encoding.ASCII.GetBytes(text));

    private static void Put(CrashDisk disk, int at, ReadOnlySpan<byte> bytes)
    {
        var buffer = new byte[(bytes.Length + disk.BlockBytes - 1) / disk.BlockBytes * disk.BlockBytes];
        bytes.CopyTo(buffer);
        Assert.True(disk.TrySubmit(new BlockRequest(BlockOperation.Write, at, buffer.Length, buffer, 0)));
        Assert.True(disk.TryTakeCompletion(out _));
    }
}
