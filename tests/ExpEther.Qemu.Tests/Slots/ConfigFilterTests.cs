using ExpEther.Pcie;
using ExpEther.Qemu.Slots;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Tests.Slots;

public class ConfigFilterTests
{
    private const int Msix = 0x80;

    [Fact]
    public void While_hidden_MSI_X_looks_like_a_vendors_capability_at_every_cut_of_the_space()
    {
        var filter = new ConfigFilter();
        filter.Begin(Function(Msix, 33), hidesMsix: true);
        var real = Space();
        var seen = Space();
        (seen[Msix], seen[Msix + 2], seen[0x3D]) = (0x09, 12, 0);
        foreach (var bytes in new[] { 1, 2, 3, 4, 8, 256, 4096 })
        {
            for (var offset = 0; offset + bytes <= 4096 && offset < 300; offset++)
            {
                Assert.Equal(seen[offset..(offset + bytes)], Read(filter, real, offset, bytes));
            }
        }

        filter.Reveal();
        (seen[Msix], seen[Msix + 2]) = (0x11, 32);
        Assert.Equal(seen, Read(filter, real, 0, 4096));
    }

    [Fact]
    public void While_hidden_a_write_changes_nothing_of_what_is_hidden_and_all_else()
    {
        var filter = new ConfigFilter();
        filter.Begin(Function(Msix, 33), hidesMsix: true);
        for (var offset = Msix - 4; offset <= Msix + 4; offset++)
        {
            for (var bytes = 1; bytes <= 8; bytes++)
            {
                var after = Space();
                var expected = Space();
                var data = Enumerable.Range(0xA0, bytes).Select(b => (byte)b).ToArray();
                filter.OfWrite(offset, data, keepsDecoding: false).CopyTo(after.AsSpan(offset));
                data.CopyTo(expected.AsSpan(offset));
                (expected[Msix], expected[Msix + 2]) = (0x11, 32);
                Assert.Equal(expected, after);
            }
        }

        filter.Reveal();
        Assert.Equal([0xA0, 0xA1, 0xA2], filter.OfWrite(Msix, [0xA0, 0xA1, 0xA2], keepsDecoding: false).ToArray());
    }

    [Fact]
    public void A_function_without_MSI_X_or_one_that_QEMU_is_to_manage_is_shown_as_it_is_but_for_its_pin()
    {
        var filter = new ConfigFilter();
        var seen = Space();
        seen[0x3D] = 0;
        filter.Begin(Function(0, 0), hidesMsix: true);
        Assert.Equal(seen, Read(filter, Space(), 0, 4096));
        Assert.False(filter.IsHidden);

        filter.Begin(Function(Msix, 33), hidesMsix: false);
        Assert.Equal(seen, Read(filter, Space(), 0, 4096));
    }

    [Fact]
    public void A_function_that_is_gone_reads_all_ones()
    {
        var filter = new ConfigFilter();
        filter.Begin(Function(Msix, 33), hidesMsix: true);
        var ones = Enumerable.Repeat((byte)0xFF, 4096).ToArray();
        Assert.Equal(ones, Read(filter, ones, 0, 4096));
    }

    [Fact]
    public void Reads_that_must_be_changed_are_limited_and_the_place_of_each_is_free_again_after_it()
    {
        var filter = new ConfigFilter();
        filter.Begin(Function(Msix, 33), hidesMsix: true);
        for (ulong token = 0; token < QemuLimits.TrackedReadsMax; token++)
        {
            Assert.True(filter.TryTrack(token, Msix, 4));
        }

        Assert.False(filter.TryTrack(1000, Msix, 4));
        Assert.True(filter.TryTrack(1001, 0, 4));
        filter.Forget(5);
        Assert.True(filter.TryTrack(1000, Msix + 2, 1));
        Assert.Equal([12], filter.OfRead(1000, [0x20]).ToArray());
        Assert.Equal([0x09], filter.OfRead(7, [0x11]).ToArray());
        Assert.True(filter.TryTrack(1002, Msix, 1));
    }

    private static GuestFunction Function(int msixOffset, int vectors) =>
        new(new Rid(1, 0, 0), 0x1B36, 0x10, 0x010802, [], msixOffset, vectors, 0, 0x2000);

    private static byte[] Space()
    {
        var space = new byte[4096];
        for (var i = 0; i < space.Length; i++)
        {
            space[i] = (byte)(i % 251);
        }

        (space[Msix], space[Msix + 1], space[Msix + 2], space[Msix + 3], space[0x3D]) = (0x11, 0xA0, 32, 0x80, 1);
        return space;
    }

    private static byte[] Read(ConfigFilter filter, byte[] space, int offset, int bytes)
    {
        Assert.True(filter.TryTrack(77, offset, bytes));
        return filter.OfRead(77, space.AsSpan(offset, bytes)).ToArray();
    }
}
