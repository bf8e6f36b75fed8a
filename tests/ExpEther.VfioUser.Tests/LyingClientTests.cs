using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests;

/// <summary>Clients that break the protocol: each hears an error or is closed, nothing of it stays, and the next one is served.</summary>
[Collection(OneAtATime.Name)]
public sealed class LyingClientTests : IDisposable
{
    private readonly ServerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    public static TheoryData<string, byte[]> Endings => new()
    {
        { "a version of tomorrow", Message.Version(major: 1) },
        { "no version first", Message.GetInfo(1) },
        { "a version that wants no reply", Message.Of(0, (ushort)VfioUserCommand.Version, Message.NoReply, null, 0, [0, 0, 0, 0]) },
        { "a version without numbers", Message.Of(0, VfioUserCommand.Version) },
        { "illegible capabilities", Message.Version(json: """{"capabilities":""") },
        { "capabilities of other kinds", Message.Version(json: """{"capabilities":{"max_data_xfer_size":"many"}}""") },
        { "capabilities too deep", Message.Version(json: new string('[', 1000)) },
        { "capabilities that are a number", Message.Version(json: """{"capabilities":7}""") },
        { "too little data in a message", Message.Version(json: """{"capabilities":{"max_data_xfer_size":512}}""") },
        { "pages too small", Message.Version(json: """{"capabilities":{"pgsizes":512}}""") },
        { "capabilities without an end", Message.Of(0, VfioUserCommand.Version, 0, [0, 0, 0, 0], "{}"u8.ToArray()) },
        { "a header of 15 bytes", Message.Of(0, 1, 0, 15, 0, [0, 0, 0, 0]) },
        { "a message of no end", Message.Of(0, 1, 0, uint.MaxValue, 0, [0, 0, 0, 0]) },
    };

    public static TheoryData<string, byte[]> EndingsLater => new()
    {
        { "a second version", Message.Version(1) },
        { "a size below the header's", Message.Of(1, 4, 0, 0, 0, Message.Numbers(16u, 0, 0, 0)) },
        { "a size above the limit", Message.Of(1, 10, 0, VfioUserLimits.MessageBytesMax + 1, 0) },
        { "a type that is none", Message.Of(1, 4, 2, null, 0, Message.Numbers(16u, 0, 0, 0)) },
        { "a reply to nothing", Message.Of(1, 11, Message.Reply, null, 0, Message.Numbers(0ul, 0)) },
        { "a reply to a command of its own", Message.Of(1, 9, Message.Reply, null, 0) },
        { "a reply to a write that was not sent", Message.Of(0x8000, 12, Message.Reply, null, 0, Message.Numbers(0ul, 4)) },
    };

    public static TheoryData<string, byte[], int> Refusals => new()
    {
        { "an unknown command", Message.Of(1, 99, 0, null, 0), (int)Errno.EOPNOTSUPP },
        { "descriptors for a region", Message.Of(1, VfioUserCommand.DeviceGetRegionIoFds, 0, Message.Numbers(16u, 0, 0, 0)), (int)Errno.EOPNOTSUPP },
        { "many writes in one", Message.Of(1, 15, 0, null, 0, Message.Numbers(0ul)), (int)Errno.EOPNOTSUPP },
        { "DMA of its own", Message.Of(1, VfioUserCommand.DmaRead, 0, Message.Numbers(0ul, 4)), (int)Errno.EOPNOTSUPP },
        { "a short question", Message.Of(1, VfioUserCommand.DeviceGetInfo, 0, Message.Numbers(16u)), (int)Errno.EINVAL },
        { "no room for the answer", Message.Of(1, VfioUserCommand.DeviceGetInfo, 0, Message.Numbers(15u, 0, 0, 0)), (int)Errno.EINVAL },
        { "a region beyond the last", Message.GetRegionInfo(1, 9), (int)Errno.EINVAL },
        { "a kind of interrupt beyond the last", Message.GetIrqInfo(1, 5), (int)Errno.EINVAL },
        { "a read past a region's end", Message.RegionRead(1, 0, 0x3FFF, 2), (int)Errno.EINVAL },
        { "a read that wraps", Message.RegionRead(1, 0, ulong.MaxValue, 2), (int)Errno.EINVAL },
        { "a read of nothing", Message.RegionRead(1, 0, 0, 0), (int)Errno.EINVAL },
        { "a read of too much", Message.RegionRead(1, 0, 0, VfioUserLimits.TransferBytesMax + 1), (int)Errno.EINVAL },
        { "a read of a region that is not there", Message.RegionRead(1, 3, 0, 4), (int)Errno.EINVAL },
        { "a read of a region beyond the last", Message.RegionRead(1, uint.MaxValue, 0, 4), (int)Errno.EINVAL },
        { "a read with data", Message.Of(1, VfioUserCommand.RegionRead, 0, Message.Numbers(0ul), Message.Numbers(0u, 4), [1]), (int)Errno.EINVAL },
        {
            "a write of other data than said",
            Message.Of(1, VfioUserCommand.RegionWrite, 0, Message.Numbers(0ul), Message.Numbers(0u, 4), [1]),
            (int)Errno.EINVAL
        },
        { "a write past a region's end", Message.RegionWrite(1, 7, 4095, [1, 2]), (int)Errno.EINVAL },
        { "a reset with more to say", Message.Of(1, VfioUserCommand.DeviceReset, 0, [1]), (int)Errno.EINVAL },
        { "vectors beyond the last", Message.SetIrqs(1, 0x21, 2, 7, 2), (int)Errno.EINVAL },
        { "vectors that wrap", Message.SetIrqs(1, 0x21, 2, uint.MaxValue, 2), (int)Errno.EINVAL },
        { "two kinds of data", Message.SetIrqs(1, 0x23, 2, 0, 1), (int)Errno.EINVAL },
        { "two actions", Message.SetIrqs(1, 0x31, 2, 0, 1), (int)Errno.EINVAL },
        { "fewer booleans than vectors", Message.SetIrqs(1, 0x22, 2, 0, 2, 1), (int)Errno.EINVAL },
        { "masking a vector of MSI-X", Message.SetIrqs(1, 0x09, 2, 0, 1), (int)Errno.EOPNOTSUPP },
        { "an event for masking", Message.SetIrqs(1, 0x0C, 2, 0, 1), (int)Errno.EOPNOTSUPP },
        { "a map that is not aligned", Message.DmaMap(1, 0x800, 0x1000), (int)Errno.EINVAL },
        { "a map of half a page", Message.DmaMap(1, 0, 0x800), (int)Errno.EINVAL },
        { "a map of nothing", Message.DmaMap(1, 0, 0), (int)Errno.EINVAL },
        { "a map that wraps", Message.DmaMap(1, 0xFFFF_FFFF_FFFF_F000, 0x2000), (int)Errno.EINVAL },
        { "an offset that wraps", Message.DmaMap(1, 0, 0x2000, 0xFFFF_FFFF_FFFF_F000), (int)Errno.EINVAL },
        { "a map without rights", Message.DmaMap(1, 0, 0x1000, rights: 0), (int)Errno.EINVAL },
        { "a map with flags of tomorrow and no right", Message.DmaMap(1, 0, 0x1000, rights: 4), (int)Errno.EINVAL },
        { "an unmap of all with a range", Message.DmaUnmap(1, 0, 0x1000, 2), (int)Errno.EINVAL },
        { "an unmap with a dirty bitmap", Message.DmaUnmap(1, 0, 0x1000, 1), (int)Errno.EOPNOTSUPP },
    };

    [Theory]
    [MemberData(nameof(Endings), DisableDiscoveryEnumeration = true)]
    public void A_bad_beginning_ends_the_connection(string what, byte[] message)
    {
        using var client = _rig.Connect();
        client.Send(message);
        if (AsksForAVersion(message))
        {
            var refusal = _rig.Receive(client);
            Assert.Equal((what, (ushort)VfioUserCommand.Version, Message.Reply | Message.Error, Errno.EINVAL),
                (what, refusal.Command, refusal.Flags, refusal.ErrorNumber));
        }

        _rig.AssertClosed(client);
        Assert.Equal((what, 1), (what, (int)_rig.Server.Counters.Violations));
        Assert.Empty(_rig.Device.Log);
        AssertNextIsServed();
    }

    /// <summary>A whole message of that command that wants a reply.</summary>
    private static bool AsksForAVersion(byte[] bytes) =>
        new Message(bytes) is { Command: (ushort)VfioUserCommand.Version, Flags: 0 } message && message.Size == bytes.Length;

    [Theory]
    [MemberData(nameof(EndingsLater), DisableDiscoveryEnumeration = true)]
    public void What_makes_the_stream_meaningless_ends_the_connection(string what, byte[] message)
    {
        using var client = _rig.ConnectServed();
        client.Send(message);
        _rig.AssertClosed(client);
        Assert.Equal((what, 1), (what, (int)_rig.Server.Counters.Violations));
        Assert.Equal(["connected", "disconnected"], _rig.Device.Log);
        Assert.Contains(_rig.Reports, r => r.StartsWith("Warning slot1: ", StringComparison.Ordinal));
        AssertNextIsServed();
    }

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public void A_request_that_makes_no_sense_is_refused_and_the_connection_goes_on(string what, byte[] message, int error)
    {
        using var client = _rig.ConnectServed();
        var reply = _rig.Exchange(client, message);
        Assert.Equal((what, 1, 16u, Message.Reply | Message.Error, (Errno)error), (what, reply.Id, reply.Size, reply.Flags, reply.ErrorNumber));
        Assert.Equal(2, _rig.Exchange(client, Message.GetInfo(2)).Id);
        Assert.Equal(["connected"], _rig.Device.Log);
        Assert.Equal(1, _rig.Server.Counters.Refused);
    }

    [Fact]
    public void Nonsense_that_wants_no_reply_gets_none()
    {
        using var client = _rig.ConnectServed();
        client.Send([.. Message.RegionWrite(1, 0, 0x4000, [1], Message.NoReply), .. Message.RegionRead(2, 0, 0, 4, Message.NoReply)]);
        Assert.Equal(3, _rig.Exchange(client, Message.GetInfo(3)).Id);
        Assert.Equal(["connected"], _rig.Device.Log);
        Assert.Equal(2, _rig.Server.Counters.Refused);
    }

    [Fact]
    public void Descriptors_nobody_wanted_are_closed_whatever_they_came_with()
    {
        using var wake = new EventFd();
        using var client = _rig.ConnectServed();
        var before = ServerRig.OpenDescriptors();
        int[] sixteen = [.. Enumerable.Repeat(wake.FileDescriptor, 16)];
        foreach (var message in Refusals.Select(r => (byte[])((ITheoryDataRow)r).GetData()[1]!))
        {
            _rig.Exchange(client, message, sixteen);
        }

        _rig.Exchange(client, Message.GetInfo(1), sixteen);
        _rig.Exchange(client, Message.RegionRead(1, 0, 0, 4), sixteen);
        _rig.Exchange(client, Message.DmaMap(1, 0, 0x1000), sixteen);
        _rig.Exchange(client, Message.SetIrqs(1, 0x24, 2, 0, 8), sixteen);
        _rig.Exchange(client, Message.SetIrqs(1, 0x21, 2, 0, 1), sixteen);
        Assert.Equal(before, ServerRig.OpenDescriptors());
        Assert.All(_rig.Device.Events.Values, Assert.Null);
    }

    [Fact]
    public void An_event_that_is_none_is_refused_with_all_that_came_with_it()
    {
        using var wake = new EventFd();
        using var memory = new MemoryFile(4096);
        using var client = _rig.ConnectServed();
        var before = ServerRig.OpenDescriptors();
        var reply = _rig.Exchange(client, Message.SetIrqs(1, 0x24, 2, 0, 2), wake.FileDescriptor, memory.Descriptor);
        Assert.Equal(Errno.EINVAL, reply.ErrorNumber);
        Assert.Empty(_rig.Device.Events);
        Assert.Equal(before, ServerRig.OpenDescriptors());
    }

    [Fact]
    public void More_descriptors_than_a_message_may_bring_end_the_connection()
    {
        using var wake = new EventFd();
        using var client = _rig.ConnectServed();
        var before = ServerRig.OpenDescriptors();
        var message = Message.SetIrqs(1, 0x24, 2, 0, 8);
        int[] sixteen = [.. Enumerable.Repeat(wake.FileDescriptor, 16)];
        client.Send(message.AsSpan(0, 20), sixteen);
        client.Send(message.AsSpan(20), sixteen);
        _rig.AssertClosed(client);
        Assert.Equal(before - 2, ServerRig.OpenDescriptors()); // the connection's and its journal's
    }

    [Fact]
    public void Descriptors_may_come_with_any_part_of_their_message()
    {
        using var wake = new EventFd();
        using var client = _rig.ConnectServed();
        var message = Message.SetIrqs(1, 0x24, 2, 5, 1);
        client.Send([.. Message.GetInfo(9), .. message[..7]]);
        _rig.Run();
        client.Send(message.AsSpan(7, 3), wake.FileDescriptor);
        client.Send([.. message[10..], .. Message.GetInfo(10)]);
        Assert.Equal(9, _rig.Receive(client).Id);
        Assert.Equal((1, Message.Reply), (_rig.Receive(client) is var reply ? reply.Id : 0, reply.Flags));
        Assert.Equal(10, _rig.Receive(client).Id);
        _rig.Device.Events[(2, 5)]!.Set();
        Assert.True(wake.Clear());
    }

    [Fact]
    public void Descriptors_are_those_of_the_message_they_came_with_whatever_was_sent_around_it()
    {
        using var wake = new EventFd();
        using var client = _rig.ConnectServed();
        client.Send([.. Message.GetInfo(9), .. Message.GetInfo(10)]);
        client.Send(Message.SetIrqs(1, 0x24, 2, 5, 1), wake.FileDescriptor);
        client.Send(Message.SetIrqs(2, 0x24, 2, 6, 1));
        Assert.Equal([9, 10, 1, 2], Enumerable.Range(0, 4).Select(_ => (int)_rig.Receive(client).Id));
        Assert.Equal([(2, 5)], _rig.Device.Events.Keys);
        _rig.Device.Events[(2, 5)]!.Set();
        Assert.True(wake.Clear());
    }

    [Fact]
    public void A_message_that_comes_byte_by_byte_is_a_message()
    {
        using var client = _rig.ConnectServed();
        foreach (var each in Message.GetInfo(77))
        {
            Assert.False(client.TryReceive(out _));
            client.Send([each]);
            _rig.Run();
        }

        Assert.Equal(77, _rig.Receive(client).Id);
    }

    [Fact]
    public void Half_a_message_does_not_stay_for_ever()
    {
        using var client = _rig.ConnectServed();
        client.Send(Message.GetInfo(1).AsSpan(0, 20));
        _rig.Run();
        Assert.Equal(_rig.Now + VfioUserLimits.HalfMessageTimeout, _rig.Server.NextDeadline!.Value + TimeSpan.FromMilliseconds(1));
        _rig.Pass(VfioUserLimits.HalfMessageTimeout);
        _rig.AssertClosed(client);
    }

    [Fact]
    public void A_client_that_says_nothing_does_not_keep_others_out()
    {
        using var silent = _rig.Connect();
        _rig.Pass(VfioUserLimits.VersionTimeout);
        _rig.AssertClosed(silent);
        AssertNextIsServed();
    }

    [Fact]
    public void A_flood_is_taken_in_turns()
    {
        using var client = _rig.ConnectServed();
        var message = Message.RegionWrite(1, 0, 0, [1], Message.NoReply);
        var sent = 0;
        while (sent < 200_000 && client.SendSome(message) == message.Length)
        {
            sent++;
        }

        Assert.True(sent > VfioUserLimits.MessagesPerPollMax);
        var before = _rig.Server.Counters.Messages;
        Assert.True(_rig.Server.Poll(_rig.Now));
        Assert.Equal(VfioUserLimits.MessagesPerPollMax, _rig.Server.Counters.Messages - before);
        Assert.True(_rig.Server.NextDeadline <= _rig.Now);
        _rig.Run();
        Assert.Equal(sent, _rig.Server.Counters.Messages - before);
    }

    [Fact]
    public void A_flood_to_one_slot_leaves_another_served()
    {
        using var flooded = _rig.ConnectServed();
        using var other = new ServerRig();
        using var client = other.ConnectServed();
        var message = Message.RegionWrite(1, 0, 0, [1], Message.NoReply);
        for (var id = 2; id < 50; id++)
        {
            while (flooded.SendSome(message) == message.Length)
            {
            }

            // One turn of an owner that has both.
            client.Send(Message.GetInfo(id));
            Assert.True(_rig.Server.Poll(_rig.Now));
            Assert.True(other.Server.Poll(other.Now));
            Assert.True(client.TryReceive(out var reply));
            Assert.Equal(id, reply.Id);
        }
    }

    [Fact]
    public void A_client_that_does_not_read_is_held_up_then_closed_and_costs_a_bounded_buffer()
    {
        using var client = _rig.ConnectServed();
        var question = Message.RegionRead(1, 0, 0, 4096);
        var sent = 0;
        while (sent < 100_000 && client.SendSome(question) == question.Length)
        {
            sent++;
            _rig.Run();
        }

        Assert.InRange(_rig.Device.Log.Count(l => l.StartsWith("read", StringComparison.Ordinal)), 10, sent - 10);
        Assert.True(_rig.Server.IsConnected);
        Assert.InRange(_rig.Server.NextDeadline!.Value - _rig.Now, TimeSpan.Zero, VfioUserLimits.SendTimeout);
        _rig.Pass(_rig.Server.NextDeadline!.Value - _rig.Now - TimeSpan.FromSeconds(1));
        Assert.True(_rig.Server.IsConnected);
        _rig.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal("it does not read what it is sent", _rig.Device.LastDisconnect);
        AssertNextIsServed();
    }

    [Fact]
    public void A_slow_reader_gets_every_reply_whole()
    {
        using var client = _rig.ConnectServed();
        new Random(7).NextBytes(_rig.Device.Regions[0]);
        var sent = 0;
        while (sent < 400 && client.SendSome(Message.RegionRead(sent, 0, (ulong)(sent * 8), 4096)) > 0)
        {
            sent++;
            _rig.Run();
        }

        for (var i = 0; i < sent; i++)
        {
            var reply = _rig.Receive(client);
            Assert.Equal(i, reply.Id);
            Assert.Equal(_rig.Device.Regions[0].AsSpan(i * 8, 4096), reply.Payload.AsSpan(16));
        }
    }

    [Fact]
    public void A_client_that_takes_no_interrupts_any_more_is_closed()
    {
        using var client = _rig.ConnectServed();
        var count = 0;
        while (_rig.Server.TryWriteMessage(new(0xFEE0_0000), [1, 0, 0, 0]))
        {
            Assert.True(++count < 1_000_000);
        }

        _rig.Run();
        Assert.False(_rig.Server.IsConnected);
        Assert.Equal("it does not read what it is sent", _rig.Device.LastDisconnect);
    }

    private void AssertNextIsServed()
    {
        using var next = _rig.ConnectServed();
        Assert.Equal(1, _rig.Exchange(next, Message.GetInfo(1)).Id);
    }
}
