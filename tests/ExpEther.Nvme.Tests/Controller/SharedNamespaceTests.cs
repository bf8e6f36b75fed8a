using System.Buffers.Binary;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Namespaces among several controllers: creation, attachment, events, deletion, resize (NVMe 1.4 §5.19, §5.20).</summary>
public sealed class SharedNamespaceTests
{
    private const uint FirstPooled = PoolLimits.FirstNamespaceId;
    private const ulong ChunkBlocks = PoolLimits.ChunkBytes / 512;

    [Fact]
    public void A_created_namespace_is_seen_by_those_it_is_attached_to_and_by_nobody_else()
    {
        var box = SrIovTests.Started();
        var first = box.Online(1);
        var second = box.Online(2);
        var nsid = box.Created(100);
        Assert.Equal(FirstPooled, nsid);
        Assert.Equal([nsid], SrIovBox.Namespaces(box.Primary, IdentifyCns.AllocatedNamespaceList));
        Assert.Empty(SrIovBox.Namespaces(box.Primary));
        Assert.Empty(SrIovBox.Namespaces(first));
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        Assert.Equal([nsid], SrIovBox.Namespaces(first));
        Assert.Empty(SrIovBox.Namespaces(second));
        Assert.Equal([1], box.Controllers(IdentifyCns.NamespaceControllerList, nsid));

        var seen = new IdentifyNamespace(first.Identify(IdentifyCns.Namespace, nsid));
        Assert.Equal((100ul, 512, false), (seen.Size, seen.Format.BlockBytes, seen.IsShared));
        // Not attached: zeroes where it is described, an error where it is used.
        Assert.Equal(0ul, new IdentifyNamespace(second.Identify(IdentifyCns.Namespace, nsid)).Size);
        Assert.Equal(100ul, new IdentifyNamespace(box.Primary.Identify(IdentifyCns.AllocatedNamespace, nsid)).Size);
        second.CreateQueue(1);
        var data = second.Allocate(4096);
        foreach (var opcode in new[] { IoOpcode.Read, IoOpcode.Write, IoOpcode.Flush, IoOpcode.Compare, IoOpcode.WriteZeroes, IoOpcode.DatasetManagement })
        {
            Assert.True(second.Run(1, (byte)opcode, nsid, prp1: data).Status.Is(NvmeStatus.InvalidNamespaceOrFormat), opcode.ToString());
        }

        var described = second.Admin(AdminOpcode.Identify, nsid, (uint)IdentifyCns.NamespaceDescriptors, prp1: data);
        Assert.True(described.Status.Is(NvmeStatus.InvalidNamespaceOrFormat));
        first.CreateQueue(1);
        Assert.True(first.Read(0, 1, first.Allocate(4096), nsid: nsid).Status.IsSuccess);
    }

    [Fact]
    public void Creation_and_attachment_refuse_what_NVMe_says()
    {
        var configured = new NvmeNamespaceOptions { Backend = new RecordingBackend(64), Shared = true };
        var box = SrIovTests.Started(3, null, configured);
        void Refused(NvmeStatus expected, CompletionEntry entry) => Assert.True(entry.Status.Is(expected), $"{entry.Status}, not {expected}");

        Refused(NvmeStatus.InvalidField, box.Create(0));
        Refused(NvmeStatus.ThinProvisioningNotSupported, box.Create(100, capacity: 50));
        Refused(NvmeStatus.InvalidField, box.Create(100, capacity: 200));
        Refused(NvmeStatus.InvalidFormat, box.Create(100, format: 1));
        Refused(NvmeStatus.NamespaceInsufficientCapacity, box.Create(16 * ChunkBlocks));
        Refused(NvmeStatus.NamespaceInsufficientCapacity, box.Create(ulong.MaxValue));
        Refused(NvmeStatus.InvalidField, box.Primary.Admin(AdminOpcode.NamespaceManagement, 1, 0, prp1: box.Primary.Allocate(4096)));
        Refused(NvmeStatus.InvalidField, box.Primary.Admin(AdminOpcode.NamespaceManagement, 0, 2));
        Refused(NvmeStatus.InvalidNamespaceOrFormat, box.Delete(FirstPooled));
        Refused(NvmeStatus.InvalidField, box.Delete(1));

        var nsid = box.Created(100);
        Refused(NvmeStatus.InvalidNamespaceOrFormat, box.Attach(nsid + 1, 1));
        Refused(NvmeStatus.ControllerListInvalid, box.Attach(nsid));
        Refused(NvmeStatus.ControllerListInvalid, box.Attach(nsid, 4));
        Refused(NvmeStatus.ControllerListInvalid, box.Attach(nsid, 2, 1));
        Refused(NvmeStatus.ControllerListInvalid, box.Attach(nsid, 1, 1));
        Refused(NvmeStatus.NamespaceIsPrivate, box.Attach(nsid, 1, 2));
        Refused(NvmeStatus.NamespaceNotAttached, box.Detach(nsid, 1));
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        Refused(NvmeStatus.NamespaceAlreadyAttached, box.Attach(nsid, 1));
        Refused(NvmeStatus.NamespaceIsPrivate, box.Attach(nsid, 2));
        // All of a list or none of it.
        Assert.True(box.Attach(1, 2).Status.IsSuccess);
        Refused(NvmeStatus.NamespaceAlreadyAttached, box.Attach(1, 1, 2, 3));
        Assert.Equal([2], box.Controllers(IdentifyCns.NamespaceControllerList, 1));
        Assert.True(box.Attach(1, 1, 3).Status.IsSuccess);
        Assert.Equal([1, 2, 3], box.Controllers(IdentifyCns.NamespaceControllerList, 1));
        Assert.True(box.Detach(1, 1, 3).Status.IsSuccess);
        Assert.Equal([2], box.Controllers(IdentifyCns.NamespaceControllerList, 1));
        Refused(NvmeStatus.InvalidField, box.Resize(1, 10));
        Refused(NvmeStatus.InvalidField, box.Resize(nsid, 0));
        Refused(NvmeStatus.InvalidNamespaceOrFormat, box.Resize(nsid + 1, 10));
        Refused(NvmeStatus.NamespaceInsufficientCapacity, box.Resize(nsid, 17 * ChunkBlocks));
    }

    [Fact]
    public void Shared_namespaces_are_read_by_all_and_written_only_when_they_are_writable()
    {
        var read = new RecordingBackend(64);
        read.Data.AsSpan(0, 512).Fill(0x5A);
        var box = SrIovTests.Started(
            3, null, new NvmeNamespaceOptions { Backend = read, Shared = true },
            new NvmeNamespaceOptions { Backend = new RecordingBackend(64), Shared = true, Writable = true });
        Assert.True(box.Attach(1, 1, 2, 3).Status.IsSuccess);
        Assert.True(box.Attach(2, 1, 2).Status.IsSuccess);
        var hosts = new[] { box.Online(1), box.Online(2), box.Online(3) };
        foreach (var host in hosts)
        {
            host.CreateQueue(1);
            var at = host.Allocate(4096);
            Assert.True(host.Read(0, 1, at).Status.IsSuccess);
            Assert.False(host.Host.At(at, 512).ContainsAnyExcept((byte)0x5A));
            Assert.True(host.Write(0, 1, at).Status.Is(NvmeStatus.NamespaceIsWriteProtected));
            var seen = new IdentifyNamespace(host.Identify(IdentifyCns.Namespace, 1));
            Assert.Equal((true, true), (seen.IsShared, seen.IsWriteProtected));
        }

        var from = hosts[0].Allocate(4096);
        hosts[0].Host.At(from, 512).Fill(0x77);
        Assert.True(hosts[0].Write(3, 1, from, nsid: 2).Status.IsSuccess);
        var into = hosts[1].Allocate(4096);
        Assert.True(hosts[1].Read(3, 1, into, nsid: 2).Status.IsSuccess);
        Assert.False(hosts[1].Host.At(into, 512).ContainsAnyExcept((byte)0x77));
    }

    [Fact]
    public void Completions_of_one_backend_find_the_controller_that_asked_though_slots_are_equal()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var box = SrIovTests.Started(3, null, new NvmeNamespaceOptions { Backend = backend, Shared = true });
        var hosts = new[] { box.Online(1), box.Online(2), box.Online(3) };
        Assert.True(box.Attach(1, 1, 2, 3).Status.IsSuccess);
        var buffers = new ulong[3];
        for (var i = 0; i < 3; i++)
        {
            backend.Data.AsSpan(i * 512, 512).Fill((byte)(0x10 + i));
            hosts[i].CreateQueue(1);
            buffers[i] = hosts[i].Allocate(4096);
            hosts[i].Submit(1, (byte)IoOpcode.Read, 1, (uint)i, prp1: buffers[i]);
            hosts[i].Host.Pump();
        }

        Assert.Equal(3, backend.HeldCount);
        backend.ReleaseAll();
        // VF 1 and 2 are asked for nothing: their completions have come by the primary's poll.
        box.Pump();
        for (var i = 0; i < 3; i++)
        {
            Assert.True(hosts[i].Queue(1).TryTake(out var entry));
            Assert.True(entry.Status.IsSuccess);
            Assert.False(hosts[i].Host.At(buffers[i], 512).ContainsAnyExcept((byte)(0x10 + i)));
        }
    }

    [Fact]
    public void A_backend_without_room_serves_waiting_controllers_in_turn()
    {
        var backend = new RecordingBackend(4096) { Holds = true, Depth = 1 };
        var box = SrIovTests.Started(2, null, new NvmeNamespaceOptions { Backend = backend, Shared = true });
        var greedy = box.Online(1);
        var modest = box.Online(2);
        Assert.True(box.Attach(1, 1, 2).Status.IsSuccess);
        greedy.CreateQueue(1);
        modest.CreateQueue(1);
        for (var i = 0; i < 8; i++)
        {
            greedy.Submit(1, (byte)IoOpcode.Read, 1, (uint)i, prp1: greedy.Allocate(4096));
        }

        greedy.Host.Pump();
        for (var i = 0; i < 2; i++)
        {
            modest.Submit(1, (byte)IoOpcode.Read, 1, (uint)(1000 + i), prp1: modest.Allocate(4096));
        }

        modest.Host.Pump();
        for (var i = 0; i < 10; i++)
        {
            backend.ReleaseAll();
            box.Pump();
        }

        // One of the greedy had the backend before anybody waited.
        Assert.True(backend.Log.FindIndex(e => e.Offset == 1001 * 512) <= 4, string.Join(' ', backend.Log.Select(e => e.Offset / 512)));
        Assert.Equal(10, backend.Log.Count);
    }

    [Fact]
    public void Every_controller_that_is_affected_tells_its_host()
    {
        var box = SrIovTests.Started(3, null, new NvmeNamespaceOptions { Backend = new RecordingBackend(64), Shared = true, Writable = true });
        var first = box.Online(1);
        var second = box.Online(2);
        var nsid = box.Created(ChunkBlocks);
        var other = Listen(box.Online(3));
        ushort one, two;
        (one, two) = (Listen(first), Listen(second));

        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        ExpectEvent(first, ref one, nsid);
        Assert.True(box.Resize(nsid, 2 * ChunkBlocks).Status.IsSuccess);
        ExpectEvent(first, ref one, nsid);
        Assert.Equal(2 * ChunkBlocks, new IdentifyNamespace(first.Identify(IdentifyCns.Namespace, nsid)).Size);
        Assert.True(box.Attach(1, 1, 2).Status.IsSuccess);
        ExpectEvent(first, ref one, 1);
        ExpectEvent(second, ref two, 1);
        Assert.True(box.Device.SetNamespaceReadOnly(1, true));
        ExpectEvent(first, ref one, 1);
        ExpectEvent(second, ref two, 1);
        Assert.True(box.Detach(1, 1).Status.IsSuccess);
        ExpectEvent(first, ref one, 1);
        Assert.True(box.Delete(nsid).Status.IsSuccess);
        ExpectEvent(first, ref one, nsid);
        Assert.Empty(SrIovBox.Namespaces(first));

        box.Vf(3).Host.Pump();
        Assert.False(box.Vf(3).Queue(0).TryTake(out _), $"VF 3 was told something ({other}) and has no namespace");
        second.Host.Pump();
        Assert.False(second.Queue(0).TryTake(out _));
    }

    [Fact]
    public void A_detach_is_over_when_nothing_of_the_former_owner_can_land_any_more()
    {
        var pool = new RecordingBackend(16 << 11);
        var box = SrIovTests.Started(3, pool);
        var old = box.Online(1);
        var next = box.Online(2);
        var nsid = box.Created(100);
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        old.CreateQueue(1);
        pool.Holds = true;
        var write = old.Submit(1, (byte)IoOpcode.Write, nsid, prp1: old.Allocate(4096));
        old.Host.Pump();
        Assert.Equal(1, pool.HeldCount);
        var detach = box.SubmitAttachment(NamespaceAttachmentSelect.Detach, nsid, 1);
        var attach = box.SubmitAttachment(NamespaceAttachmentSelect.Attach, nsid, 2);
        box.Pump();
        Assert.False(box.Primary.Queue(0).TryTake(out _));
        Assert.Empty(SrIovBox.Namespaces(old));
        Assert.Empty(SrIovBox.Namespaces(next));
        pool.ReleaseAll();
        box.Pump();
        Assert.True(box.Primary.Expect(0, detach).Status.IsSuccess);
        Assert.True(box.Primary.Expect(0, attach).Status.IsSuccess);
        Assert.True(old.Expect(1, write).Status.Is(NvmeStatus.InvalidNamespaceOrFormat));
        Assert.Equal([nsid], SrIovBox.Namespaces(next));
    }

    [Fact]
    public void Commands_under_way_in_every_stage_end_when_their_namespace_is_deleted()
    {
        var pool = new RecordingBackend(16 << 11) { Depth = 1 };
        var box = SrIovTests.Started(3, pool);
        var vf = box.Online(1);
        var nsid = box.Created(100);
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        vf.CreateQueue(1);
        pool.Holds = true;
        // In the backend; waiting for it, twice; waiting for the host's data.
        var commands = new List<ushort>();
        var withheld = vf.Allocate(4096);
        for (var i = 0; i < 3; i++)
        {
            commands.Add(vf.Submit(1, (byte)IoOpcode.Read, nsid, prp1: vf.Allocate(4096)));
            vf.Host.Pump();
        }

        vf.Host.Withheld = withheld;
        commands.Add(vf.Submit(1, (byte)IoOpcode.Write, nsid, prp1: withheld));
        vf.Host.Pump();
        Assert.Equal(1, pool.HeldCount);
        var delete = box.Primary.Submit(0, (byte)AdminOpcode.NamespaceManagement, nsid, (uint)NamespaceManagementSelect.Delete);
        box.Pump();
        Assert.False(box.Primary.Queue(0).TryTake(out _));
        pool.Holds = false;
        pool.ReleaseAll();
        box.Pump();
        Assert.True(box.Primary.Expect(0, delete).Status.IsSuccess);
        vf.Host.Withheld = ulong.MaxValue;
        box.Pump();
        var ended = new List<ushort>();
        while (vf.Queue(1).TryTake(out var entry))
        {
            Assert.True(entry.Status.Is(NvmeStatus.InvalidNamespaceOrFormat), entry.Status.ToString());
            ended.Add(entry.CommandId);
        }

        Assert.Equal(commands.Order(), ended.Order());
        Assert.DoesNotContain(pool.Log, e => e.Operation == BlockOperation.Write && e.Offset >= PoolLimits.DataOffset);
        // Nothing is left behind: the identifier and the room are free, and the controller works.
        Assert.Equal(nsid, box.Created(15 * ChunkBlocks));
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        Assert.True(vf.Read(0, 1, withheld, nsid: nsid).Status.IsSuccess);
    }

    [Fact]
    public void A_reset_of_the_primary_ends_its_commands_and_not_what_they_began()
    {
        var pool = new RecordingBackend(16 << 11);
        var box = SrIovTests.Started(3, pool);
        pool.Holds = true;
        var at = box.Primary.Allocate(4096);
        _ = new IdentifyNamespace(box.Primary.Host.At(at, 4096)) { Size = 100, Capacity = 100 };
        box.Primary.Submit(0, (byte)AdminOpcode.NamespaceManagement, prp1: at);
        box.Primary.Host.Pump();
        Assert.Equal(1, pool.HeldCount);
        box.Primary.Host.Write32(NvmeRegister.Cc, 0);
        pool.Holds = false;
        pool.ReleaseAll();
        box.Primary.Host.Pump();
        box.Primary.Enable();
        Assert.Equal([FirstPooled], SrIovBox.Namespaces(box.Primary, IdentifyCns.AllocatedNamespaceList));
        Assert.Equal(FirstPooled + 1, box.Created(100));
    }

    [Fact]
    public void Another_owner_reads_zeroes_where_the_first_one_wrote()
    {
        var box = SrIovTests.Started();
        var first = box.Online(1);
        var second = box.Online(2);
        var nsid = box.Created(ChunkBlocks);
        Assert.True(box.Attach(nsid, 1).Status.IsSuccess);
        first.CreateQueue(1);
        second.CreateQueue(1);
        var data = first.Allocate(4096);
        first.Host.At(data, 4096).Fill(0xEE);
        Assert.True(first.Write(0, 8, data, nsid: nsid).Status.IsSuccess);
        Assert.True(first.Write(ChunkBlocks - 8, 8, data, nsid: nsid).Status.IsSuccess);
        Assert.True(box.Resize(nsid, ChunkBlocks - 4).Status.IsSuccess);
        Assert.True(first.Read(ChunkBlocks - 8, 8, data, nsid: nsid).Status.Is(NvmeStatus.LbaOutOfRange));
        // Its own end, made longer again.
        Assert.True(box.Resize(nsid, 2 * ChunkBlocks).Status.IsSuccess);
        Assert.True(first.Read(ChunkBlocks - 8, 8, data, nsid: nsid).Status.IsSuccess);
        Assert.False(first.Host.At(data, 2048).ContainsAnyExcept((byte)0xEE));
        Assert.False(first.Host.At(data + 2048, 2048).ContainsAnyExcept((byte)0));

        Assert.True(box.Delete(nsid).Status.IsSuccess);
        Assert.Equal(nsid, box.Created(15 * ChunkBlocks));
        Assert.True(box.Attach(nsid, 2).Status.IsSuccess);
        var into = second.Allocate(4096);
        second.Host.At(into, 4096).Fill(1);
        Assert.True(second.Read(0, 8, into, nsid: nsid).Status.IsSuccess);
        Assert.False(second.Host.At(into, 4096).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Capacity_is_told_and_all_namespaces_can_be_deleted_at_once()
    {
        var box = SrIovTests.Started(3, null, new NvmeNamespaceOptions { Backend = new RecordingBackend(64) });
        UInt128 Free() => new IdentifyController(box.Primary.Identify(IdentifyCns.Controller)).UnallocatedCapacity;
        Assert.Equal((UInt128)(15 << 20), new IdentifyController(box.Primary.Identify(IdentifyCns.Controller)).TotalCapacity);
        Assert.Equal((UInt128)(15 << 20), Free());
        box.Created(1);
        var second = box.Created(ChunkBlocks + 1);
        Assert.Equal((UInt128)(12 << 20), Free());
        Assert.Equal((UInt128)(2 << 20), new IdentifyNamespace(box.Primary.Identify(IdentifyCns.AllocatedNamespace, second)).AllocatedBytes);
        Assert.True(box.Delete(NvmeSizes.BroadcastNamespace).Status.IsSuccess);
        Assert.Equal((UInt128)(15 << 20), Free());
        Assert.Equal([1u], SrIovBox.Namespaces(box.Primary, IdentifyCns.AllocatedNamespaceList));
    }

    private static ushort Listen(NvmeHost host)
    {
        Assert.True(host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.AsynchronousEventConfiguration, dw11: 0x100).Status.IsSuccess);
        var request = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Pump();
        return request;
    }

    private static void ExpectEvent(NvmeHost host, ref ushort request, uint nsid)
    {
        host.Host.Pump();
        Assert.Equal(AsyncEvent.NamespaceAttributeChanged, AsyncEvent.FromResult(host.Expect(0, request).Result));
        var changed = host.LogPage(LogPageId.ChangedNamespaceList, 8);
        Assert.Equal((nsid, 0u), (BinaryPrimitives.ReadUInt32LittleEndian(changed), BinaryPrimitives.ReadUInt32LittleEndian(changed.AsSpan(4))));
        request = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        host.Host.Pump();
    }
}
