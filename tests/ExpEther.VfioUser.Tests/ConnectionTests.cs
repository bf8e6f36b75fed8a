using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests;

/// <summary>Clients come and go.</summary>
[Collection(OneAtATime.Name)]
public sealed class ConnectionTests : IDisposable
{
    private readonly ServerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_second_client_is_closed_at_once_and_the_first_goes_on()
    {
        using var first = _rig.ConnectServed();
        using var second = _rig.Connect();
        _rig.AssertClosed(second);
        Assert.Equal(3, _rig.Exchange(first, Message.GetInfo(3)).Id);
        Assert.Equal(1, _rig.Server.Counters.Surplus);
    }

    [Fact]
    public void A_new_client_takes_the_place_of_a_dead_one_even_if_its_end_cannot_be_read_yet()
    {
        var first = _rig.ConnectServed();
        _rig.Device.HasRoom = false;
        while (first.SendSome(Message.RegionWrite(1, 0, 0, new byte[4096], Message.NoReply)) > 0)
        {
            _rig.Run();
        }

        first.Dispose();
        var second = new ScriptedClient(_rig.Options.Path);
        _rig.Run();
        _rig.Device.HasRoom = true;
        Assert.Equal(Message.Reply, _rig.Exchange(second, Message.Version()).Flags);
        Assert.Equal(2, _rig.Exchange(second, Message.GetInfo(2)).Id);
        Assert.Equal(["connected", "disconnected", "connected"], _rig.Device.Log);
        second.Dispose();
    }

    [Fact]
    public void A_new_client_starts_from_nothing_and_late_answers_for_the_old_one_reach_nobody()
    {
        using var memory = new MemoryFile(0x10000);
        using var wake = new EventFd();
        var first = _rig.ConnectServed();
        _rig.Device.IsSlow = true;
        _rig.Exchange(first, Message.DmaMap(1, 0, 0x10000), memory.Descriptor);
        _rig.Exchange(first, Message.SetIrqs(2, 0x24, 2, 0, 1), wake.FileDescriptor);
        first.Send(Message.RegionRead(3, 0, 0, 4));
        _rig.Run();
        var former = _rig.Device.Events[(2, 0)]!;
        first.Dispose();
        _rig.Run();
        Assert.Equal("the client has closed the connection", _rig.Device.LastDisconnect);
        Assert.Contains(_rig.Reports, r => r.StartsWith("Information slot1: ", StringComparison.Ordinal));
        former.Set();
        Assert.False(wake.Clear());

        using var second = _rig.ConnectServed();
        second.Send(Message.RegionRead(4, 0, 0, 4));
        _rig.Run();
        Assert.False(_rig.Server.Memory.TryGetSpan(new HostAddress(0), 8, DmaRights.Read, out _));
        _rig.Server.CompleteRead(_rig.Device.Tokens[0], [1, 2, 3, 4]);
        Assert.False(second.TryReceive(out _));
        _rig.Server.CompleteRead(_rig.Device.Tokens[1], [5, 6, 7, 8]);
        Assert.Equal([5, 6, 7, 8], _rig.Receive(second).Payload[16..]);
        Assert.Equal(Message.Reply, _rig.Exchange(second, Message.DmaMap(5, 0, 0x10000), memory.Descriptor).Flags);
    }

    [Fact]
    public void Disconnect_tells_the_device_unmaps_the_memory_and_leaves_the_client_its_connection()
    {
        using var memory = new MemoryFile(0x10000);
        var before = ServerRig.OpenDescriptors();
        using var client = _rig.ConnectServed();
        _rig.Exchange(client, Message.DmaMap(1, 0, 0x10000), memory.Descriptor);
        _rig.Server.Disconnect("the function is gone");
        Assert.False(_rig.Server.IsConnected);
        Assert.Equal("the function is gone", _rig.Device.LastDisconnect);
        Assert.False(_rig.Server.Memory.TryGetSpan(new HostAddress(0), 8, DmaRights.Read, out _));
        _rig.AssertAbsent(client);
        using (var second = _rig.ConnectServed())
        {
            // Beside the former client.
            Assert.Equal(Message.Reply, _rig.Exchange(second, Message.GetInfo(1)).Flags);
            _rig.AssertAbsent(client, isAlone: false);
        }

        client.Dispose();
        _rig.Run();
        Assert.Equal(before, ServerRig.OpenDescriptors());
        Assert.False(_rig.Server.TryWriteMessage(new HostAddress(0xFEE0_0000), [1, 0, 0, 0]));
    }

    [Fact]
    public void One_descriptor_that_never_changes_wakes_for_the_listener_and_the_client()
    {
        var poller = new Poller();
        poller.Add(_rig.Server.PollFileDescriptor, PollEvents.Readable);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        var client = new ScriptedClient(_rig.Options.Path);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        _rig.Run();
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        client.Send(Message.Version());
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        _rig.Run();
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        client.Dispose();
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        _rig.Run();
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void A_held_up_client_with_a_full_buffer_does_not_keep_the_owner_awake()
    {
        using var client = _rig.ConnectServed();
        _rig.Device.HasRoom = false;
        while (client.SendSome(Message.RegionWrite(1, 0, 0, new byte[4096], Message.NoReply)) > 0)
        {
            _rig.Run();
        }

        var poller = new Poller();
        poller.Add(_rig.Server.PollFileDescriptor, PollEvents.Readable);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void Accesses_allocate_nothing()
    {
        using var memory = new MemoryFile(0x10000);
        using var client = _rig.ConnectServed();
        _rig.Exchange(client, Message.DmaMap(1, 0, 0x10000), memory.Descriptor);
        var quiet = new QuietDevice();
        using var server = new VfioUserServer(_rig.Options with { Path = _rig.Options.Path + ".2" }, quiet, _rig);
        quiet.Server = server;
        using var other = UnixConnection.Connect(_rig.Options.Path + ".2");
        var messages = new[] { Message.Version(), Message.RegionRead(1, 0, 0, 8), Message.RegionWrite(2, 0, 0, new byte[4], Message.NoReply) };
        var buffer = new byte[4096];
        var now = _rig.Now;
        var round = 0;
        Rounds(500);
        Assert.Equal(0, Allocations.FewestOf(() => Rounds(100)));
        Assert.Equal(500, server.Counters.RegionWrites);

        void Rounds(int count)
        {
            for (var last = round + count; round < last; round++)
            {
                other.TrySend(messages[round == 0 ? 0 : 1 + (round % 2)], out _);
                now += TimeSpan.FromMilliseconds(1);
                server.Poll(now);
                server.Poll(now);
                quiet.Answer();
                server.TryWriteMessage(new HostAddress(0xFEE0_0000), "abcd"u8);
                _rig.Server.Memory.TryGetSpan(new HostAddress((ulong)round * 8), 8, DmaRights.Write, out _);
                other.TryReceive(buffer, out _);
            }
        }
    }

    private sealed class QuietDevice : IVfioUserDevice
    {
        private readonly byte[] _data = new byte[8];
        private ulong? _token;

        public VfioUserServer? Server { get; set; }

        public bool IsReady => true;

        public VfioUserRegion RegionOf(int index) => new(4096);

        public int InterruptsOf(int index) => 0;

        public void OnConnected() => _token = null;

        public void OnDisconnected(string reason) => _token = null;

        public bool TryRead(int region, ulong offset, int bytes, ulong token)
        {
            _token = token;
            return true;
        }

        public bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted) => true;

        public bool TryReset(ulong token) => false;

        public void OnInterruptEvent(int index, int vector, EventFd? wake) => _token = null;

        public void OnMemoryChanged() => _token = null;

        public void Answer()
        {
            if (_token is { } token)
            {
                _token = null;
                Server!.CompleteRead(token, _data);
            }
        }
    }
}
