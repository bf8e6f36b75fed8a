using System.Security.Cryptography;
using System.Text;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Tests.Pool;

/// <summary>Metadata that rot, are cut, or were written by an earlier version: never another pool in silence.</summary>
public sealed class PoolDamageTests
{
    private const int Chunk = PoolLimits.ChunkBytes;
    private const int DiskBytes = PoolLimits.DataOffset + (4 * Chunk);
    private const int ImageBytes = PoolImage.HeaderBytes + (2 * 48) + (2 * 8);

    [Fact]
    public void After_a_change_both_copies_say_the_same()
    {
        var (disk, _) = TwoNamespaces();

        Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
        Assert.Equal(2, PoolImage.Read(CopyOf(disk, 1).ToArray())!.Namespaces.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Any_bit_flipped_in_one_copy_costs_nothing_is_told_and_is_mended(int copy)
    {
        var (disk, before) = TwoNamespaces();
        // That each bit is noticed, the format's own test says; 5 and 8 have no common factor, so that every byte and every place in one is met.
        for (var bit = 0; bit < ImageBytes * 8; bit += 5)
        {
            disk.Flip((copy * PoolLimits.MetadataBytes * 8) + bit);

            var pool = Open(disk);

            Assert.Equal(before, Describe(pool));
            Assert.Equal("", pool.Doubt);
            Assert.Contains(copy == 0 ? "first copy" : "second copy", pool.TakeReport(), StringComparison.Ordinal);
            Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
        }

        Assert.Equal("", Open(disk).TakeReport());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_copy_that_ends_anywhere_costs_nothing_is_told_and_is_mended(int copy)
    {
        var (disk, before) = TwoNamespaces();
        var whole = CopyOf(disk, copy).ToArray();
        for (var length = 0; length < ImageBytes; length++)
        {
            var cut = whole.ToArray();
            cut.AsSpan(length).Clear();
            if (cut.AsSpan().SequenceEqual(whole))
            {
                continue; // what is missing were zeroes
            }

            disk.Put(copy * PoolLimits.MetadataBytes, cut);
            var pool = Open(disk);

            Assert.Equal(before, Describe(pool));
            Assert.NotEqual("", pool.TakeReport());
            whole = CopyOf(disk, copy).ToArray();
        }
    }

    [Fact]
    public void With_both_copies_damaged_there_is_no_pool_and_nothing_is_written()
    {
        var (disk, _) = TwoNamespaces();
        disk.Flip(200 * 8);
        disk.Flip((PoolLimits.MetadataBytes + 9) * 8);
        var before = disk.Seen.ToArray();

        var pool = Open(disk);

        Assert.Equal(PoolState.Refused, pool.State);
        Assert.Contains("both copies", pool.Problem, StringComparison.Ordinal);
        Assert.True(disk.Seen.SequenceEqual(before));
    }

    [Fact]
    public void Two_copies_of_one_version_that_differ_are_refused()
    {
        var (disk, _) = TwoNamespaces();
        var image = PoolImage.Read(CopyOf(disk, 0).ToArray())!;
        var other = new byte[PoolLimits.MetadataBytes];
        new PoolImage(image.Version, image.BlockBytes, [image.Namespaces[0]]).Write(other);
        disk.Put(PoolLimits.MetadataBytes, other);

        var pool = Open(disk);

        Assert.Equal(PoolState.Refused, pool.State);
        Assert.Contains("two boxes", pool.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_that_power_ended_is_made_or_not_and_the_copies_agree_and_say_so()
    {
        var told = new HashSet<string>();
        for (var requests = 0; requests < 12; requests++)
        {
            var (disk, before) = TwoNamespaces();
            var pool = Open(disk);
            disk.PowerEndsAfter = disk.Done + requests;
            Assert.Equal(PoolRefusal.None, pool.StartCreate(100, false));
            Settle(pool);
            var isDone = pool.Created is not null;
            disk.Crash();

            var again = Open(disk);
            var after = Describe(again);

            Assert.StartsWith(before, after, StringComparison.Ordinal);
            Assert.True(!isDone || again.Namespaces.Count == 3);
            Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
            told.Add(again.TakeReport().Split(' ').ElementAtOrDefault(9) ?? "");
        }

        Assert.True(told.Count > 1, "no crash came between the two copies");
    }

    [Fact]
    public void A_pool_of_an_earlier_version_is_taken_and_has_two_equal_copies_then()
    {
        var (disk, before) = TwoNamespaces();
        AsEarlierVersion(disk);

        var pool = Open(disk);

        Assert.Equal(before, Describe(pool));
        Assert.Equal(("", ""), (pool.Doubt, pool.TakeReport()));
        Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
        Assert.Equal("EXPPOOL2", Encoding.ASCII.GetString(CopyOf(disk, 0)[..8]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_pool_of_an_earlier_version_with_a_damaged_copy_serves_and_changes_nothing_until_the_loss_is_accepted(int copy)
    {
        var (disk, before) = TwoNamespaces();
        AsEarlierVersion(disk);
        disk.Flip(((copy * PoolLimits.MetadataBytes) + 130) * 8);
        var bytes = disk.Seen.ToArray();

        var pool = Open(disk);

        Assert.Equal(PoolState.Ready, pool.State);
        Assert.Contains("--accept-loss", pool.TakeReport(), StringComparison.Ordinal);
        Assert.Equal(PoolRefusal.InDoubt, pool.StartCreate(1, false));
        Assert.Equal(PoolRefusal.InDoubt, pool.StartResize(pool.Namespaces[0], 5));
        Settle(pool);
        Assert.True(disk.Seen.SequenceEqual(bytes));
        Assert.NotEqual("", Open(disk).Doubt);

        pool.StartRewriting();
        Settle(pool);
        Assert.Equal(("", PoolState.Ready, 0), (pool.Doubt, pool.State, pool.LastError));
        Assert.Equal(PoolRefusal.None, pool.StartCreate(1, false));
        Settle(pool);
        Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
        // The copy that was left had one change less only where it was the older one.
        Assert.Equal(copy == 0 ? before.Split('\n').Length : before.Split('\n').Length + 1, Describe(pool).Split('\n').Length);
    }

    [Fact]
    public void A_second_copy_that_cannot_be_written_fails_the_change_and_leaves_no_trace_once_a_later_one_succeeds()
    {
        var (disk, before) = TwoNamespaces();
        var pool = Open(disk);
        Assert.Equal(PoolRefusal.None, pool.StartCreate(100, false));
        disk.FailsAt = disk.Done + 4; // zero, flush, write, flush, and then the second copy
        Settle(pool);

        Assert.Null(pool.Created);
        Assert.Equal(5, pool.LastError);
        Assert.Contains("both copies", pool.TakeReport(), StringComparison.Ordinal);
        Assert.Equal(before, Describe(pool));

        Assert.Equal(PoolRefusal.None, pool.StartCreate(100, false));
        Settle(pool);
        var made = pool.Created!;
        Assert.Equal($"{before}\n{made.Id} {made.Uuid} {made.LengthBytes}", Describe(Open(disk)));
    }

    /// <summary>The copy that a failed write left in part must not wait until the other one rots.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void A_copy_that_could_not_be_written_is_written_again_as_soon_as_the_disk_works(int request)
    {
        var (disk, before) = TwoNamespaces();
        var pool = Open(disk);
        Assert.Equal(PoolRefusal.None, pool.StartCreate(100, false));
        disk.FailsAt = disk.Done + request; // zero, flush, first copy, flush, second copy
        Settle(pool);
        Assert.NotEqual("", pool.TakeReport());
        Assert.False(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));

        for (var done = 0; done < PoolLimits.MendAfterMin; done++)
        {
            Assert.False(pool.TryTakeMending());
            Assert.True(pool.Namespaces[0].TrySubmit(new BlockRequest(BlockOperation.Read, 0, 512, new byte[512], 1)));
            Settle(pool);
            Assert.True(pool.TryTakeCompletion(out _, out _));
        }

        Assert.True(pool.TryTakeMending());
        pool.StartRewriting();
        Settle(pool);

        Assert.Contains("the same again", pool.TakeReport(), StringComparison.Ordinal);
        Assert.True(CopyOf(disk, 0).SequenceEqual(CopyOf(disk, 1)));
        Assert.Equal(before, Describe(Open(disk)));
        Assert.False(pool.TryTakeMending());
    }

    private static (CrashDisk Disk, string Namespaces) TwoNamespaces()
    {
        var disk = new CrashDisk(DiskBytes, new SeededRandom(1));
        var pool = Open(disk);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(PoolRefusal.None, pool.StartCreate(100, false));
            Settle(pool);
        }

        return (disk, Describe(pool));
    }

    /// <summary>As the version before wrote it: the newest change in one copy only, the other older by one.</summary>
    private static void AsEarlierVersion(CrashDisk disk)
    {
        var image = PoolImage.Read(CopyOf(disk, 0).ToArray())!;
        Write(disk, 1, new PoolImage(image.Version - 1, image.BlockBytes, [image.Namespaces[0]]));
        Write(disk, 0, image);

        static void Write(CrashDisk disk, int copy, PoolImage image)
        {
            var bytes = new byte[PoolLimits.MetadataBytes];
            var length = image.Write(bytes);
            bytes[7] = (byte)'1';
            bytes.AsSpan(40, 32).Clear();
            SHA256.HashData(bytes.AsSpan(0, length)).CopyTo(bytes, 40);
            disk.Put(copy * PoolLimits.MetadataBytes, bytes);
        }
    }

    private static string Describe(NamespacePool pool) => string.Join('\n', pool.Namespaces.Select(each => $"{each.Id} {each.Uuid} {each.LengthBytes}"));

    private static ReadOnlySpan<byte> CopyOf(CrashDisk disk, int copy) =>
        disk.Seen.Slice(copy * PoolLimits.MetadataBytes, PoolLimits.MetadataBytes);

    private static NamespacePool Open(CrashDisk disk)
    {
        var pool = new NamespacePool(disk, new SeededRandom((ulong)disk.Done));
        Settle(pool);
        return pool;
    }

    private static void Settle(NamespacePool pool)
    {
        for (var idle = 0; idle < 3;)
        {
            idle = pool.Poll() ? 0 : idle + 1;
        }
    }
}
