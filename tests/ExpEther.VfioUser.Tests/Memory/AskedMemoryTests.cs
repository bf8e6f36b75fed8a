using ExpEther.Linux;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Memory;

/// <summary>A client's memory that came without a descriptor: the client is asked for every byte.</summary>
[Collection(OneAtATime.Name)]
public sealed class AskedMemoryTests : IDisposable
{
    private readonly ServerRig _rig = new();
    private readonly ScriptedClient _client;

    public AskedMemoryTests() => _client = _rig.ConnectServed();

    private IHostMemory Memory => _rig.Server.Memory;

    private IAskedMemory Asked => _rig.Server.Asked;

    public void Dispose()
    {
        _client.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public void Memory_without_a_descriptor_is_asked_for_and_answers_come_in_any_order()
    {
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0xFFFC_0000, 0x40000, rights: 1)).Flags);
        Assert.False(Memory.TryGetSpan(new HostAddress(0xFFFC_0000), 8, DmaRights.Read, out _));
        Assert.True(Asked.IsAsked(new HostAddress(0xFFFC_0000), 8, DmaRights.Read));
        Assert.False(Asked.IsAsked(new HostAddress(0xFFFC_0000), 8, DmaRights.Write));
        Assert.False(Asked.IsAsked(new HostAddress(0xFFFF_FFFC), 8, DmaRights.Read));

        Assert.True(Asked.TryBeginRead(new HostAddress(0xFFFC_0000), 4, out var first));
        Assert.True(Asked.TryBeginRead(new HostAddress(0xFFFC_1000), 2, out var second));
        var firstAsked = _rig.Receive(_client);
        var secondAsked = _rig.Receive(_client);
        Assert.Equal((11, 0u, 0xFFFC_0000ul, 4ul), (firstAsked.Command, firstAsked.Flags, firstAsked.U64(0), firstAsked.U64(8)));
        Assert.Equal((11, 32u, 0xFFFC_1000ul, 2ul), (secondAsked.Command, secondAsked.Size, secondAsked.U64(0), secondAsked.U64(8)));

        Answer(secondAsked, [8, 9]);
        var data = new byte[4];
        Assert.Equal(AskedRead.Waiting, Asked.TakeRead(first, data));
        Assert.Equal(AskedRead.Done, Asked.TakeRead(second, data.AsSpan(0, 2)));
        Assert.Equal([8, 9, 0, 0], data);
        Answer(firstAsked, [1, 2, 3, 4]);
        Assert.Equal(AskedRead.Done, Asked.TakeRead(first, data));
        Assert.Equal([1, 2, 3, 4], data);
    }

    [Fact]
    public void A_region_reply_does_not_wait_for_the_clients_answer()
    {
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000)).Flags);
        Assert.True(Asked.TryBeginRead(new HostAddress(0), 4, out var ticket));
        Assert.Equal(11, _rig.Receive(_client).Command);
        Assert.Equal(5, _rig.Exchange(_client, Message.RegionRead(5, 7, 0, 4)).Id);
        Assert.Equal(AskedRead.Waiting, Asked.TakeRead(ticket, new byte[4]));
    }

    [Fact]
    public void Asked_writes_go_in_order_with_interrupts()
    {
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000)).Flags);
        Assert.True(Asked.TryWrite(new HostAddress(0x10), [1, 2, 3]));
        Assert.True(_rig.Server.TryWriteMessage(new HostAddress(0xFEE0_0000), [9, 0, 0, 0]));
        var write = _rig.Receive(_client);
        Assert.Equal((12, Message.NoReply, 0x10ul, 3ul), (write.Command, write.Flags, write.U64(0), write.U64(8)));
        Assert.Equal([1, 2, 3], write.Payload[16..]);
        Assert.Equal(0xFEE0_0000ul, _rig.Receive(_client).U64(0));
    }

    [Fact]
    public void A_read_that_the_client_refuses_has_failed()
    {
        Assert.True(Begin(out var ticket, out var asked));
        _client.Send(Message.Of(asked.Id, 11, Message.Reply | Message.Error, null, (int)Errno.EINVAL));
        _rig.Run();
        Assert.Equal(AskedRead.Failed, Asked.TakeRead(ticket, new byte[4]));
        Assert.True(_rig.Server.IsConnected);
    }

    [Fact]
    public void A_read_without_an_answer_fails_in_time_and_its_late_answer_is_swallowed()
    {
        Assert.True(Begin(out var ticket, out var asked));
        _rig.Pass(VfioUserLimits.AskedReadTimeout);
        Assert.Equal(AskedRead.Failed, Asked.TakeRead(ticket, new byte[4]));
        Answer(asked, [1, 2, 3, 4]);
        Assert.True(_rig.Server.IsConnected);

        // Its ticket serves again, under another ID; the same answer once more is one that nobody asked for.
        Assert.True(Begin(out var next, out var second));
        Assert.Equal(ticket, next);
        Assert.NotEqual(asked.Id, second.Id);
        Answer(asked, [1, 2, 3, 4]);
        Assert.False(_rig.Server.IsConnected);
    }

    [Fact]
    public void Reads_of_a_client_that_leaves_have_failed()
    {
        Assert.True(Begin(out var ticket, out _));
        _client.Dispose();
        _rig.Run();
        Assert.Equal(AskedRead.Failed, Asked.TakeRead(ticket, new byte[4]));
        Assert.False(Asked.TryBeginRead(new HostAddress(0), 4, out _));
        Assert.False(Asked.TryWrite(new HostAddress(0), [1]));
    }

    [Fact]
    public void No_more_reads_wait_than_the_limit()
    {
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000)).Flags);
        for (var i = 0; i < VfioUserLimits.AskedReadsMax; i++)
        {
            Assert.True(Asked.TryBeginRead(new HostAddress(0), 4, out _));
        }

        Assert.False(Asked.TryBeginRead(new HostAddress(0), 4, out _));
    }

    [Theory]
    [InlineData(0ul, 3ul, 4)]
    [InlineData(8ul, 4ul, 4)]
    [InlineData(0ul, 4ul, 3)]
    [InlineData(0ul, ulong.MaxValue, 4)]
    public void An_answer_that_is_not_to_the_question_ends_the_connection(ulong address, ulong count, int bytes)
    {
        Assert.True(Begin(out var ticket, out var asked));
        _client.Send(Message.Of(asked.Id, 11, Message.Reply, null, 0, Message.Numbers(address, count), new byte[bytes]));
        _rig.AssertClosed(_client);
        Assert.Equal(AskedRead.Failed, Asked.TakeRead(ticket, new byte[4]));
    }

    private bool Begin(out int ticket, out Message asked)
    {
        if (!Asked.IsAsked(new HostAddress(0), 4, DmaRights.Read))
        {
            Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000)).Flags);
        }

        var isBegun = Asked.TryBeginRead(new HostAddress(0), 4, out ticket);
        asked = _rig.Receive(_client);
        return isBegun;
    }

    private void Answer(Message asked, byte[] data)
    {
        _client.Send(Message.Of(asked.Id, 11, Message.Reply, null, 0, Message.Numbers(asked.U64(0), asked.U64(8)), data));
        _rig.Run();
    }
}
