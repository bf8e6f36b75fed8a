using ExpEther.Linux;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Tests.Keeping;

/// <summary>What a client without its device is told, at the edge of what a reply has room for.</summary>
public class AbsentReplyTests
{
    [Theory]
    [InlineData(1u)]
    [InlineData(8u)]
    public void A_read_of_a_register_is_all_ones(uint count)
    {
        var (header, data) = Read(count);

        Assert.Equal(Errno.None, header.Error);
        Assert.Equal(Enumerable.Repeat((byte)0xFF, (int)count), data[RegionAccess.Size..]);
    }

    [Theory]
    [InlineData(9u)]
    [InlineData(64u)]
    [InlineData(4096u)]
    [InlineData(uint.MaxValue)]
    public void A_longer_read_is_refused(uint count) => Assert.Equal((Errno.EIO, 0), (Read(count).Header.Error, Read(count).Data.Length));

    private static (MessageHeader Header, byte[] Data) Read(uint count)
    {
        var payload = new byte[RegionAccess.Size];
        new RegionAccess(0, 7, count).WriteTo(payload);
        var request = new MessageHeader(1, VfioUserCommand.RegionRead, MessageHeader.Size + RegionAccess.Size, MessageFlags.Command, Errno.None);
        var reply = new byte[AbsentReplies.BytesMax];
        var length = AbsentReplies.Write(request, payload, isDoubtful: false, reply);
        Assert.True(MessageHeader.TryRead(reply, out var header));
        Assert.Equal(length, (int)header.Bytes);
        return (header, reply[MessageHeader.Size..length]);
    }
}
