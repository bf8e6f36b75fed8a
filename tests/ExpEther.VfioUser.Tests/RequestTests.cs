using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests;

/// <summary>What a client may ask, and what it hears.</summary>
[Collection(OneAtATime.Name)]
public sealed class RequestTests : IDisposable
{
    private readonly ServerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_device_is_described_with_its_regions_and_interrupts()
    {
        using var client = _rig.ConnectServed();
        var info = _rig.Exchange(client, Message.GetInfo(1));
        Assert.Equal((16u, 3u, 9u, 5u), (info.U32(0), info.U32(4), info.U32(8), info.U32(12)));
        var region = _rig.Exchange(client, Message.GetRegionInfo(2, 0));
        Assert.Equal((32u, 3u, 0u, 0x4000ul, 0ul), (region.U32(0), region.U32(4), region.U32(8), region.U64(16), region.U64(24)));
        var missing = _rig.Exchange(client, Message.GetRegionInfo(3, 6));
        Assert.Equal((0u, 6u, 0ul), (missing.U32(4), missing.U32(8), missing.U64(16)));
        var vectors = _rig.Exchange(client, Message.GetIrqInfo(4, 2));
        Assert.Equal((9u, 2u, 8u), (vectors.U32(4), vectors.U32(8), vectors.U32(12)));
        var none = _rig.Exchange(client, Message.GetIrqInfo(5, 3));
        Assert.Equal((0u, 3u, 0u), (none.U32(4), none.U32(8), none.U32(12)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(4096)]
    public void Accesses_of_any_length_move_the_bytes(int bytes)
    {
        using var client = _rig.ConnectServed();
        var data = Enumerable.Range(1, bytes).Select(i => (byte)i).ToArray();
        var written = _rig.Exchange(client, Message.RegionWrite(7, 0, 0x1003, data));
        Assert.Equal((7, 32u, 0x1003ul, 0u, (uint)bytes), (written.Id, written.Size, written.U64(0), written.U32(8), written.U32(12)));
        var read = _rig.Exchange(client, Message.RegionRead(8, 0, 0x1003, (uint)bytes));
        Assert.Equal((8, 0x1003ul, 0u, (uint)bytes), (read.Id, read.U64(0), read.U32(8), read.U32(12)));
        Assert.Equal(data, read.Payload[16..]);
    }

    [Fact]
    public void Posted_writes_are_not_answered_and_stay_in_order_with_all_else()
    {
        using var client = _rig.ConnectServed();
        client.Send([
            .. Message.RegionWrite(1, 0, 0, [1], Message.NoReply), .. Message.RegionWrite(2, 0, 0, [2], Message.NoReply),
            .. Message.RegionRead(3, 0, 0, 1), .. Message.RegionWrite(4, 0, 0, [3], Message.NoReply)]);
        var read = _rig.Receive(client);
        Assert.Equal((3, 2), (read.Id, read.Payload[^1]));
        Assert.False(client.TryReceive(out _));
        Assert.Equal(["connected", "post 0 0 01", "post 0 0 02", "read 0 0 1", "post 0 0 03"], _rig.Device.Log);
    }

    [Fact]
    public void Replies_come_as_the_device_ends_each_request_whatever_their_order()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.IsSlow = true;
        client.Send([.. Message.RegionRead(10, 0, 0, 1), .. Message.RegionRead(11, 0, 1, 2), .. Message.RegionWrite(12, 7, 4, [5])]);
        _rig.Run();
        Assert.False(client.TryReceive(out _));

        var tokens = _rig.Device.Tokens;
        _rig.Server.CompleteWrite(tokens[2], isDone: true);
        _rig.Server.CompleteRead(tokens[1], [7, 8]);
        _rig.Server.CompleteRead(tokens[0], [9]);
        Assert.Equal(12, _rig.Receive(client).Id);
        Assert.Equal([7, 8], _rig.Receive(client).Payload[16..]);
        Assert.Equal([9], _rig.Receive(client).Payload[16..]);
    }

    [Fact]
    public void Nothing_behind_an_access_without_room_is_looked_at()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.HasRoom = false;
        client.Send([.. Message.RegionWrite(1, 0, 0, [1], Message.NoReply), .. Message.GetInfo(2)]);
        _rig.Run();
        Assert.False(client.TryReceive(out _));
        _rig.Device.HasRoom = true;
        Assert.Equal(2, _rig.Receive(client).Id);
        Assert.Equal(["connected", "post 0 0 01"], _rig.Device.Log);
    }

    [Fact]
    public void A_device_that_never_has_room_is_taken_from_its_client()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.HasRoom = false;
        client.Send(Message.RegionRead(1, 0, 0, 4));
        _rig.Run();
        _rig.Pass(VfioUserLimits.NoRoomTimeout - TimeSpan.FromSeconds(1));
        Assert.True(_rig.Server.IsConnected);
        _rig.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], _rig.Receive(client).Payload[16..]);
        _rig.AssertAbsent(client);
        Assert.Equal("the device has taken no access for too long", _rig.Device.LastDisconnect);
    }

    [Fact]
    public void A_reset_ends_before_anything_behind_it_begins()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.IsSlow = true;
        client.Send([.. Message.DeviceReset(1), .. Message.RegionRead(2, 7, 0, 4)]);
        _rig.Run();
        Assert.Equal(["connected", "reset"], _rig.Device.Log);
        Assert.True(_rig.Device.Answer(_rig.Server));
        var reply = _rig.Receive(client);
        Assert.Equal((1, 16u, Message.Reply), (reply.Id, reply.Size, reply.Flags));
        Assert.Equal("read 7 0 4", _rig.Device.Log[^1]);
    }

    [Fact]
    public void A_write_that_the_device_refused_is_an_error()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.IsSlow = true;
        client.Send(Message.RegionWrite(5, 7, 4, [1]));
        _rig.Run();
        _rig.Server.CompleteWrite(_rig.Device.Tokens[0], isDone: false);
        AssertRefused(_rig.Receive(client), 5, Errno.EIO);
    }

    [Fact]
    public void Questions_wait_for_the_device_but_version_and_memory_do_not()
    {
        _rig.Device.IsReady = false;
        using var memory = new MemoryFile(0x10000);
        using var client = _rig.ConnectServed();
        Assert.Equal(1, _rig.Exchange(client, Message.DmaMap(1, 0, 0x10000), memory.Descriptor).Id);
        client.Send(Message.GetInfo(2));
        _rig.Pass(TimeSpan.FromSeconds(3));
        Assert.False(client.TryReceive(out _));
        _rig.Device.IsReady = true;
        Assert.Equal(2, _rig.Receive(client).Id);

        // Described once, it may go: how accesses end is the device's to say.
        _rig.Device.IsReady = false;
        Assert.Equal(3, _rig.Exchange(client, Message.RegionRead(3, 7, 0, 4)).Id);
    }

    [Fact]
    public void A_device_that_does_not_become_ready_in_time_is_said_not_to_be_there()
    {
        _rig.Device.IsReady = false;
        using var client = _rig.ConnectServed();
        client.Send(Message.GetInfo(2));
        _rig.Run();
        Assert.True(_rig.Server.NextDeadline <= _rig.Now + _rig.Options.ReadyTimeout);
        _rig.Pass(_rig.Options.ReadyTimeout);
        Assert.Equal(Errno.EIO, _rig.Receive(client).ErrorNumber);
        _rig.AssertAbsent(client);
        Assert.Equal("the device was not ready in time", _rig.Device.LastDisconnect);
        Assert.Equal(0, _rig.Server.Counters.Violations);
    }

    [Fact]
    public void Interrupt_events_are_assigned_replaced_given_up_and_signalled()
    {
        using var first = new EventFd();
        using var second = new EventFd();
        using var client = _rig.ConnectServed();
        AssertDone(_rig.Exchange(client, Message.SetIrqs(1, 0x24, 2, 3, 2), first.FileDescriptor, second.FileDescriptor));
        _rig.Device.Events[(2, 4)]!.Set();
        Assert.False(first.Clear());
        Assert.True(second.Clear());

        // The client's own trigger, of those that its booleans name.
        AssertDone(_rig.Exchange(client, Message.SetIrqs(2, 0x22, 2, 3, 2, 1, 0)));
        Assert.True(first.Clear());
        Assert.False(second.Clear());

        var former = _rig.Device.Events[(2, 3)]!;
        AssertDone(_rig.Exchange(client, Message.SetIrqs(3, 0x24, 2, 3, 1), second.FileDescriptor));
        former.Set();
        Assert.False(first.Clear());
        AssertDone(_rig.Exchange(client, Message.SetIrqs(4, 0x24, 2, 4, 1)));
        Assert.Null(_rig.Device.Events[(2, 4)]);
        AssertDone(_rig.Exchange(client, Message.SetIrqs(5, 0x21, 2, 0, 0)));
        Assert.Null(_rig.Device.Events[(2, 3)]);
    }

    [Fact]
    public void Interrupts_leave_as_writes_in_order_with_replies()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.IsSlow = true;
        client.Send(Message.RegionRead(1, 0, 0, 1));
        _rig.Run();
        Assert.True(_rig.Server.TryWriteMessage(new(0xFEE0_1004), [0x2A, 0, 0, 0]));
        _rig.Device.Answer(_rig.Server);
        var interrupt = _rig.Receive(client);
        Assert.Equal((12, Message.NoReply, 0xFEE0_1004ul, 4ul), (interrupt.Command, interrupt.Flags, interrupt.U64(0), interrupt.U64(8)));
        Assert.Equal([0x2A, 0, 0, 0], interrupt.Payload[16..]);
        Assert.Equal(1, _rig.Receive(client).Id);
    }

    [Fact]
    public void A_client_that_refuses_a_posted_write_is_counted_and_kept()
    {
        using var client = _rig.ConnectServed();
        Assert.True(_rig.Server.TryWriteMessage(new(0xFEE0_1004), [1, 0, 0, 0]));
        var interrupt = _rig.Receive(client);
        client.Send(Message.Of(interrupt.Id, 12, Message.Reply | Message.Error, null, (int)Errno.EINVAL));
        Assert.Equal(9, _rig.Exchange(client, Message.GetInfo(9)).Id);
        Assert.Equal((1, 1), (_rig.Server.Counters.FailedMemoryWrites, _rig.Server.Counters.FailedInterrupts));

        // Its driver waits for ever: that is told, once, with a remedy.
        Assert.Contains("intremap=off", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
        Assert.True(_rig.Server.TryWriteMessage(new(0xFEE0_1004), [1, 0, 0, 0]));
        client.Send(Message.Of(_rig.Receive(client).Id, 12, Message.Reply | Message.Error, null, (int)Errno.EINVAL));
        Assert.Equal(10, _rig.Exchange(client, Message.GetInfo(10)).Id);
        Assert.Single(_rig.Server.Troubles);
    }

    [Fact]
    public void A_write_that_is_no_interrupt_and_fails_is_no_trouble_of_interrupts()
    {
        using var client = _rig.ConnectServed();
        _rig.Exchange(client, Message.DmaMap(1, 0x1000, 0x1000));
        Assert.True(_rig.Server.Asked.TryWrite(new(0x1000), [1, 0, 0, 0]));
        client.Send(Message.Of(_rig.Receive(client).Id, 12, Message.Reply | Message.Error, null, (int)Errno.EINVAL));
        Assert.Equal(9, _rig.Exchange(client, Message.GetInfo(9)).Id);
        Assert.Equal((1, 0), (_rig.Server.Counters.FailedMemoryWrites, _rig.Server.Counters.FailedInterrupts));
        Assert.Empty(_rig.Server.Troubles);
    }

    private static void AssertDone(Message reply) => Assert.Equal((16u, Message.Reply, Errno.None), (reply.Size, reply.Flags, reply.ErrorNumber));

    private static void AssertRefused(Message reply, int id, Errno error) =>
        Assert.Equal((id, 16u, Message.Reply | Message.Error, error), (reply.Id, reply.Size, reply.Flags, reply.ErrorNumber));
}
