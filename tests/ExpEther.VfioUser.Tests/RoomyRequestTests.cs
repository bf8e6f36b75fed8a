using ExpEther.Linux;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests;

/// <summary>
/// Requests with room behind their fixed part, as SPDK's client and libvfio-user's own tests send them: argsz says how much reply they can take, and what
/// lies in the room means nothing.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class RoomyRequestTests : IDisposable
{
    private readonly ServerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(4000)]
    public void Questions_with_room_are_answered_like_those_without(int roomBytes)
    {
        using var client = _rig.ConnectServed();
        var room = Enumerable.Repeat((byte)0xA5, roomBytes).ToArray();
        var more = (uint)roomBytes;

        var info = _rig.Exchange(client, Message.Of(1, VfioUserCommand.DeviceGetInfo, 0, Message.Numbers(16u + more, 0, 0, 0), room));
        Assert.Equal((Message.Reply, 32u, 16u, 9u), (info.Flags, info.Size, info.U32(0), info.U32(8)));

        var region = _rig.Exchange(
            client, Message.Of(2, VfioUserCommand.DeviceGetRegionInfo, 0, Message.Numbers(32u + more, 0, 0, 0), Message.Numbers(0ul, 0), room));
        Assert.Equal((Message.Reply, 48u, 32u, 0x4000ul), (region.Flags, region.Size, region.U32(0), region.U64(16)));

        var vectors = _rig.Exchange(client, Message.Of(3, VfioUserCommand.DeviceGetIrqInfo, 0, Message.Numbers(16u + more, 0, 2, 0), room));
        Assert.Equal((Message.Reply, 32u, 8u), (vectors.Flags, vectors.Size, vectors.U32(12)));

        var map = _rig.Exchange(client, Message.Of(4, VfioUserCommand.DmaMap, 0, Message.Numbers(32u + more, 3), Message.Numbers(0ul, 0x1000, 0x1000), room));
        Assert.Equal((Message.Reply, 16u), (map.Flags, map.Size));

        var set = _rig.Exchange(client, Message.Of(5, VfioUserCommand.DeviceSetIrqs, 0, Message.Numbers(20u + more, 0x22, 2, 0, 2), [0, 0], room));
        Assert.Equal((Message.Reply, 16u), (set.Flags, set.Size));

        var unmap = _rig.Exchange(client, Message.Of(6, VfioUserCommand.DmaUnmap, 0, Message.Numbers(24u + more, 0), Message.Numbers(0x1000ul, 0x1000), room));
        Assert.Equal((Message.Reply, 40u), (unmap.Flags, unmap.Size));
        Assert.True(_rig.Server.IsConnected);
    }

    [Theory]
    [InlineData(3u | 4u)]
    [InlineData(1u | 8u)]
    [InlineData(2u | 0x8000_0000u)]
    public void A_map_with_flags_of_later_versions_is_taken(uint flags)
    {
        using var client = _rig.ConnectServed();
        Assert.Equal(Message.Reply, _rig.Exchange(client, Message.DmaMap(1, 0, 0x1000, rights: flags)).Flags);
        var unmap = _rig.Exchange(client, Message.DmaUnmap(2, 0, 0x1000));
        Assert.Equal(Message.Reply, unmap.Flags);
    }

    [Theory]
    [InlineData((int)VfioUserCommand.DeviceGetInfo)]
    [InlineData((int)VfioUserCommand.DeviceGetRegionInfo)]
    [InlineData((int)VfioUserCommand.DeviceGetIrqInfo)]
    public void A_question_that_has_no_room_for_its_answer_is_refused(int command)
    {
        using var client = _rig.ConnectServed();
        var refused = _rig.Exchange(client, Message.Of(1, (VfioUserCommand)command, 0, Message.Numbers(12u, 0, 0, 0), Message.Numbers(0ul, 0)));
        Assert.Equal((Message.Reply | Message.Error, Errno.EINVAL), (refused.Flags, refused.ErrorNumber));
    }

    [Fact]
    public void An_unmap_of_what_is_not_mapped_succeeds_as_with_VFIO()
    {
        using var client = _rig.ConnectServed();
        var unmap = _rig.Exchange(client, Message.DmaUnmap(1, 0x10_0000, 0x1000));
        Assert.Equal((Message.Reply, 0x10_0000ul, 0x1000ul), (unmap.Flags, unmap.U64(8), unmap.U64(16)));
    }

    [Fact]
    public void Capabilities_may_end_with_blanks()
    {
        using var client = _rig.Connect();
        Assert.Equal(Message.Reply, _rig.Exchange(client, Message.Version(json: "{\"capabilities\":{}}\n ")).Flags);
    }
}
