using CsCheck;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Tests.Network;

namespace ExpEther.Link.Tests;

public class AnnouncementTests
{
    private static readonly Announcement Sample = new(new MacAddress(0x02_00_00_00_00_07), new VlanId(10), "host7", LinkFeatures.Hints, 4, WantsSeal: true);

    [Fact]
    public void An_announcement_comes_back_as_it_was_written()
    {
        var bytes = new byte[Announcement.BytesMax];
        var frame = TaggedFrame.Read(bytes.AsSpan(0, Sample.Write(bytes)));

        Assert.Equal(MacAddress.Broadcast, frame.Destination);
        Assert.True(FrameDemux.IsAnnouncement(frame));
        Assert.Equal(Sample, Announcement.TryParse(frame));
    }

    [Theory]
    [InlineData("\u001b[2Jx")]
    [InlineData("two words")]
    [InlineData("hôst7")]
    [InlineData("-rf")]
    [InlineData("a\nb")]
    public void An_announcement_with_a_name_that_no_bridge_may_have_is_refused(string name)
    {
        var bytes = new byte[Announcement.BytesMax];
        var frame = TaggedFrame.Read(bytes.AsSpan(0, (Sample with { Name = name }).Write(bytes)));

        Assert.Null(Announcement.TryParse(frame));
    }

    [Fact]
    public void A_damaged_or_random_announcement_is_refused() => Gen.Select(
        Gen.Int[0, 1000], Gen.Byte[1, 255], Gen.Byte.Array[0, 150]).Sample((at, flip, junk) =>
    {
        var bytes = new byte[Announcement.BytesMax];
        var length = Sample.Write(bytes);
        bytes[18 + (at % (length - 18))] ^= flip;
        Assert.Null(Announcement.TryParse(TaggedFrame.Read(bytes.AsSpan(0, length))));
        Assert.Null(Announcement.TryParse(new ReceivedFrame(default, default, default, junk)));
    });
}
