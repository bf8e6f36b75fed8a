using ExpEther.Linux;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Memory;

/// <summary>A client's memory: what is mapped, what is refused, what is asked for.</summary>
[Collection(OneAtATime.Name)]
public sealed class GuestMemoryTests : IDisposable
{
    private readonly ServerRig _rig = new();
    private readonly ScriptedClient _client;

    public GuestMemoryTests() => _client = _rig.ConnectServed();

    private IHostMemory Memory => _rig.Server.Memory;

    private IAskedMemory Asked => _rig.Server.Asked;

    public void Dispose()
    {
        _client.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public void DMA_reaches_the_clients_own_pages_with_the_rights_of_the_map()
    {
        using var file = new MemoryFile(0x8000);
        Map(0x10_0000, 0x4000, 0x2000, 3, file.Descriptor);
        Map(0x20_0000, 0x2000, 0, 1, file.Descriptor);

        Assert.True(TryGet(0x10_0FFC, 8, DmaRights.ReadWrite, out var span));
        "deadbeef"u8.CopyTo(span);
        Assert.Equal("deadbeef"u8, file.Read(0x2FFC, 8));
        file.Write(0x10, "from the guest"u8);
        Assert.True(TryGet(0x20_0010, 14, DmaRights.Read, out span));
        Assert.Equal("from the guest"u8, span);
        Assert.False(TryGet(0x20_0010, 14, DmaRights.Write, out _));
    }

    [Theory]
    [InlineData(0x0F_FFFF, 1)]
    [InlineData(0x0F_FFFF, 2)]
    [InlineData(0x10_3FFF, 2)]
    [InlineData(0x10_4000, 1)]
    [InlineData(0, 8)]
    [InlineData(-1, 1)]
    [InlineData(-8, 8)]
    public void An_access_that_is_not_all_within_a_range_finds_nothing(long address, int bytes)
    {
        using var file = new MemoryFile(0x8000);
        Map(0x10_0000, 0x4000, 0, 3, file.Descriptor);
        Assert.True(TryGet(0x10_0000, 0x4000, DmaRights.ReadWrite, out _));
        Assert.False(TryGet((ulong)address, bytes, DmaRights.Read, out _));
    }

    [Fact]
    public void The_last_page_of_the_address_space_can_be_mapped()
    {
        using var file = new MemoryFile(0x1000);
        Map(0xFFFF_FFFF_FFFF_F000, 0x1000, 0, 3, file.Descriptor);
        Assert.True(TryGet(ulong.MaxValue, 1, DmaRights.Read, out _));
        Assert.False(TryGet(ulong.MaxValue, 2, DmaRights.Read, out _));
    }

    [Theory]
    [InlineData(0x10_0000, 0x4000)]
    [InlineData(0x0F_F000, 0x2000)]
    [InlineData(0x10_3000, 0x1000)]
    [InlineData(0x10_1000, 0x1000)]
    [InlineData(0x00_0000, 0x20_0000)]
    public void A_map_over_another_is_refused_and_the_other_stays(ulong address, ulong bytes)
    {
        using var file = new MemoryFile(0x20_0000);
        Map(0x10_0000, 0x4000, 0x1000, 3, file.Descriptor);
        Assert.Equal(Errno.EEXIST, _rig.Exchange(_client, Message.DmaMap(1, address, bytes), file.Descriptor).ErrorNumber);
        Assert.True(TryGet(0x10_0000, 0x4000, DmaRights.ReadWrite, out _));
        Assert.Equal(1, _rig.Device.MemoryChanges);
    }

    [Fact]
    public void What_is_unmapped_is_gone_and_what_is_behind_it_stays()
    {
        using var file = new MemoryFile(0x8000);
        Map(0, 0x1000, 0, 3, file.Descriptor);
        Map(0x1000, 0x1000, 0x1000, 3, file.Descriptor);
        Map(0x3000, 0x1000, 0x3000, 3, file.Descriptor);
        var reply = _rig.Exchange(_client, Message.DmaUnmap(7, 0x1000, 0x1000));
        Assert.Equal((7, Message.Reply, 40u, 24u, 0x1000ul, 0x1000ul), (reply.Id, reply.Flags, reply.Size, reply.U32(0), reply.U64(8), reply.U64(16)));
        Assert.True(TryGet(0, 8, DmaRights.Read, out _));
        Assert.False(TryGet(0x1000, 8, DmaRights.Read, out _));
        Assert.True(TryGet(0x3000, 8, DmaRights.Read, out _));

        // A part of a range is not taken out of it; all that lies within a range is.
        Map(0x8000, 0x2000, 0, 3, file.Descriptor);
        Assert.Equal(Errno.EINVAL, _rig.Exchange(_client, Message.DmaUnmap(8, 0x8000, 0x1000)).ErrorNumber);
        Assert.Equal(Errno.EINVAL, _rig.Exchange(_client, Message.DmaUnmap(8, 0x9000, 0x1000)).ErrorNumber);
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaUnmap(9, 0, 0x8000)).Flags);
        Assert.False(TryGet(0x3000, 8, DmaRights.Read, out _));
        Assert.True(TryGet(0x8000, 8, DmaRights.Read, out _));
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaUnmap(10, 0, 0, 2)).Flags);
        Assert.False(TryGet(0x8000, 8, DmaRights.Read, out _));
    }

    [Fact]
    public void A_file_is_mapped_while_a_range_of_it_is_and_no_descriptor_stays_open()
    {
        using var file = new MemoryFile(0x40_0000);
        var before = ServerRig.OpenDescriptors();
        var mappings = Mappings();
        for (var round = 0; round < 3; round++)
        {
            Map(0, 0x20_0000, 0, 3, file.Descriptor);
            Map(0x20_0000, 0x20_0000, 0x20_0000, 1, file.Descriptor);
            Assert.Equal(mappings + 1, Mappings());
            _rig.Exchange(_client, Message.DmaUnmap(1, 0, 0x20_0000));
            _rig.Exchange(_client, Message.DmaUnmap(1, 0x20_0000, 0x20_0000));
            Assert.Equal(mappings, Mappings());
        }

        Map(0, 0x20_0000, 0, 3, file.Descriptor);
        Assert.Equal(before, ServerRig.OpenDescriptors());
        _client.Dispose();
        _rig.Run();
        Assert.Equal(mappings, Mappings());
    }

    [Fact]
    public void A_file_that_has_grown_is_reached_up_to_its_new_end()
    {
        // Sealed against shrinking only.
        using var file = new MemoryFile(0x1000, isSealed: true, canGrow: true);
        Map(0, 0x1000, 0, 3, file.Descriptor);
        file.Grow(0x3000);
        Map(0x1000, 0x2000, 0x1000, 3, file.Descriptor);
        file.Write(0x2000, "beyond"u8);
        Assert.True(TryGet(0x2000, 6, DmaRights.Read, out var span));
        Assert.Equal("beyond"u8, span);
    }

    [Fact]
    public void Memory_that_could_shrink_is_served_by_copies_that_cannot_fault()
    {
        using var file = new MemoryFile(0x3000, isSealed: false);
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0x1000, 0x2000, 0x1000), file.Descriptor).Flags);
        Assert.False(TryGet(0x1000, 8, DmaRights.Read, out _));
        Assert.True(Asked.IsAsked(new HostAddress(0x1FF8), 16, DmaRights.ReadWrite));
        Assert.Contains("seal=off", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
        Assert.Contains(_rig.Reports, r => r.StartsWith("Warning slot1: guest memory at 1000h is reached by the kernel's copies", StringComparison.Ordinal));

        Assert.True(Asked.TryWrite(new HostAddress(0x1FF8), "across two pages!"u8));
        Assert.Equal("across two pages!"u8, file.Read(0x1FF8, 17));
        file.Write(0x2100, "from the guest"u8);
        Assert.Equal(AskedRead.Done, Read(0x2100, 14, out var data));
        Assert.Equal("from the guest"u8, data);
    }

    [Fact]
    public void Memory_that_its_owner_cuts_is_lost_and_nothing_else()
    {
        using var file = new MemoryFile(0x2000, isSealed: false);
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x2000), file.Descriptor).Flags);
        file.Cut(0x1000);

        Assert.Equal(AskedRead.Failed, Read(0x1000, 4096, out _));
        Assert.Equal(AskedRead.Failed, Read(0xFFC, 8, out _));
        Assert.True(Asked.TryWrite(new HostAddress(0x1000), "lost"u8));
        Assert.Equal(AskedRead.Done, Read(0xFF8, 8, out _));
        Assert.Equal(2, _rig.Exchange(_client, Message.GetInfo(2)).Id);
    }

    [Fact]
    public void As_many_guarded_reads_as_there_are_tickets_can_wait_to_be_taken()
    {
        using var file = new MemoryFile(0x1000, isSealed: false);
        Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), file.Descriptor).Flags);
        var tickets = new List<int>();
        while (Asked.TryBeginRead(new HostAddress(0), 8, out var ticket))
        {
            tickets.Add(ticket);
        }

        Assert.Equal(VfioUserLimits.AskedReadsMax, tickets.Distinct().Count());
        Assert.Equal(AskedRead.Done, Asked.TakeRead(tickets[0], new byte[8]));
        Assert.True(Asked.TryBeginRead(new HostAddress(0), 8, out _));
    }

    [Fact]
    public void An_ordinary_file_is_served_by_copies_that_cannot_fault()
    {
        var path = Path.GetTempFileName();
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, 0x1000);
            Assert.Equal(Message.Reply, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), (int)file.DangerousGetHandle()).Flags);
            Assert.True(Asked.TryWrite(new HostAddress(0x10), "written"u8));
            var bytes = new byte[7];
            Assert.Equal(7, RandomAccess.Read(file, bytes, 0x10));
            Assert.Equal("written"u8, bytes);
        }

        File.Delete(path);
        Assert.Contains(
            "memory-backend-memfd,id=mem,size=...,share=on in place of memory-backend-file", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_whose_file_system_may_let_us_wait_is_refused_with_what_to_do()
    {
        // sysfs: a regular file of 4096 bytes, whose reads are answered by whatever driver is behind it.
        using var file = File.OpenHandle("/sys/kernel/uevent_seqnum");
        var reply = _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000, rights: 1), (int)file.DangerousGetHandle());
        Assert.Equal(Errno.EPERM, reply.ErrorNumber);
        Assert.Contains("file system may let us wait", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
        Assert.Equal(2, _rig.Exchange(_client, Message.GetInfo(2)).Id);
    }

    [Fact]
    public void A_descriptor_that_is_no_file_is_refused_with_what_to_write()
    {
        using var device = File.OpenHandle("/dev/zero", FileMode.Open, FileAccess.ReadWrite);
        Assert.Equal(Errno.EPERM, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), (int)device.DangerousGetHandle()).ErrorNumber);
        Assert.Contains("its descriptor means no file", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
        Assert.Contains(_rig.Reports, r => r.StartsWith("Error slot1: guest memory at ", StringComparison.Ordinal));
    }

    [Fact]
    public void Huge_pages_that_the_kernel_does_not_map_are_refused()
    {
        using var file = new MemoryFile(0, isHuge: true);
        file.Grow(2 << 20);
        var reply = _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), file.Descriptor);

        // Where the machine has huge pages to give, they are mapped and guarded.
        Assert.True(reply.ErrorNumber is Errno.ENOMEM or Errno.None);
        Assert.Contains(
            reply.ErrorNumber == Errno.None ? "hugetlb=on" : "the kernel does not map it", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_past_the_end_of_its_file_is_refused()
    {
        using var file = new MemoryFile(0x2000);
        Assert.Equal(Errno.EINVAL, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x3000), file.Descriptor).ErrorNumber);
        Assert.Equal(Errno.EINVAL, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000, 0x2000), file.Descriptor).ErrorNumber);
        Assert.Equal(Errno.EINVAL, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), file.Descriptor, file.Descriptor).ErrorNumber);
    }

    [Fact]
    public void A_descriptor_that_cannot_write_gives_memory_that_cannot_be_written()
    {
        using var file = new MemoryFile(0x2000);
        using var readOnly = file.OpenReadOnly();
        var descriptor = (int)readOnly.DangerousGetHandle();
        Assert.Equal(Errno.EACCES, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), descriptor).ErrorNumber);
        Map(0, 0x1000, 0, 1, descriptor);
        Assert.True(TryGet(0, 8, DmaRights.Read, out _));
        Assert.False(TryGet(0, 8, DmaRights.Write, out _));
    }

    [Fact]
    public void No_more_ranges_than_negotiated_are_mapped()
    {
        _client.Dispose();
        _rig.Run();
        using var client = _rig.Connect();
        _rig.Exchange(client, Message.Version(json: """{"capabilities":{"max_dma_maps":2}}"""));
        Assert.Equal(Message.Reply, _rig.Exchange(client, Message.DmaMap(1, 0, 0x1000)).Flags);
        Assert.Equal(Message.Reply, _rig.Exchange(client, Message.DmaMap(2, 0x1000, 0x1000)).Flags);
        Assert.Equal(Errno.ENOSPC, _rig.Exchange(client, Message.DmaMap(3, 0x2000, 0x1000)).ErrorNumber);
    }

    [Fact]
    public void More_address_space_than_there_is_for_one_client_is_refused()
    {
        using var file = new MemoryFile(1L << 43);
        Assert.Equal(Errno.ENOSPC, _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000), file.Descriptor).ErrorNumber);
    }

    [Fact]
    public void A_guest_whose_memory_is_not_shared_is_told_how_to_be_faster()
    {
        _rig.Exchange(_client, Message.DmaMap(1, 0, 0x1000_0000));
        Assert.Contains("share=on", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0xFD00_0000ul, 0x100_0000ul)]
    [InlineData(0x8000_0000ul, 0x1000_0000ul)]
    [InlineData(0xC000_0000ul, 0x100_0000ul)]
    public void A_graphics_cards_memory_is_no_trouble(ulong address, ulong bytes)
    {
        _rig.Exchange(_client, Message.DmaMap(1, address, bytes));
        Assert.Empty(_rig.Server.Troubles);
    }

    [Fact]
    public void Each_range_has_its_trouble_for_as_long_as_it_is_mapped()
    {
        _rig.Exchange(_client, Message.DmaMap(1, 0xFD00_0000, 0x100_0000));
        _rig.Exchange(_client, Message.DmaMap(2, 0, 0x1000_0000));
        _rig.Exchange(_client, Message.DmaMap(3, 0x1_4000_0000, 0x1000_0000));
        Assert.Equal(2, _rig.Server.Troubles.Count);
        Assert.Contains("guest memory at 0h (256 MiB)", _rig.Server.Troubles[0], StringComparison.Ordinal);
        Assert.Contains("at 140000000h", _rig.Server.Troubles[1], StringComparison.Ordinal);
        Assert.Contains("DIMM", _rig.Server.Troubles[1], StringComparison.Ordinal);

        _rig.Exchange(_client, Message.DmaUnmap(4, 0, 0x1000_0000));
        Assert.Contains("at 140000000h", Assert.Single(_rig.Server.Troubles), StringComparison.Ordinal);
    }

    [Fact]
    public void Troubles_are_bounded_and_the_rest_is_counted()
    {
        for (ushort i = 0; i < 40; i++)
        {
            _rig.Exchange(_client, Message.DmaMap((ushort)(i + 1), 0x1_0000_0000 + ((ulong)i << 24), 0x100_0000));
        }

        Assert.Equal(VfioUserLimits.TroublesMax + 1, _rig.Server.Troubles.Count);
        Assert.Contains($"{40 - VfioUserLimits.TroublesMax} more", _rig.Server.Troubles[^1], StringComparison.Ordinal);
    }

    private bool TryGet(ulong address, int bytes, DmaRights rights, out Span<byte> span) =>
        Memory.TryGetSpan(new HostAddress(address), bytes, rights, out span);

    private void Map(ulong address, ulong bytes, ulong offset, uint rights, int descriptor)
    {
        var reply = _rig.Exchange(_client, Message.DmaMap(1, address, bytes, offset, rights), descriptor);
        Assert.Equal((16u, Message.Reply), (reply.Size, reply.Flags));
    }

    private static int Mappings() => File.ReadLines("/proc/self/maps").Count(l => l.Contains("memfd:test-memory", StringComparison.Ordinal));

    private AskedRead Read(ulong address, int bytes, out byte[] data)
    {
        data = new byte[bytes];
        Assert.True(Asked.TryBeginRead(new HostAddress(address), bytes, out var ticket));
        return Asked.TakeRead(ticket, data);
    }
}
