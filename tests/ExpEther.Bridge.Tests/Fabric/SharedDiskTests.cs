using ExpEther.Bridge.Io;
using ExpEther.Nvme.Driver;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// One NVMe, many hosts: each sees what is shared and what is its own, whatever happens to functions and namespaces. All production code: the
/// device, the I/O bridge with its driver of the physical function, and the hosts' drivers.
/// </summary>
public class SharedDiskTests
{
    [Fact]
    public void Each_host_sees_the_shared_namespace_and_its_own_and_nobody_else_s()
    {
        var shared = new SharedDisk();
        var own = new uint[4];
        for (var i = 1; i <= 3; i++)
        {
            shared.Attach(i, i);
            own[i] = shared.Create(i);
        }

        for (var i = 1; i <= 3; i++)
        {
            // Live: nothing was plugged anew.
            Assert.Equal([1, own[i]], shared.SeenBy(i));
            Assert.True(shared.Write(i, own[i], seed: (ulong)i).IsSuccess);
        }

        for (var i = 1; i <= 3; i++)
        {
            Assert.True(shared.Holds(i, own[i], seed: (ulong)i));
            Assert.Equal([$"disk.vf{i}"], shared.Status(own[i])!.Functions);
            Assert.Equal(NvmeOutcome.InvalidRequest, shared.Write(i, own[(i % 3) + 1], seed: 9).Outcome);
            Assert.False(shared.Write(i, 1, seed: 9).IsSuccess, "what is shared is read-only");
        }

        Assert.Equal(["disk.vf1", "disk.vf2", "disk.vf3"], shared.Status(1)!.Functions);
    }

    [Fact]
    public void A_namespace_made_for_a_host_without_function_waits_for_it()
    {
        var shared = new SharedDisk();
        var reply = shared.Do(b => b.CreateNamespaceAsync("disk", 3 * SharedDisk.MiB, "host2"));
        Assert.True(reply.Ok);
        Assert.Contains("host2", reply.Message, StringComparison.Ordinal);
        shared.Attach(1, 1);
        Assert.Equal([1u], shared.SeenBy(1));
        shared.Attach(2, 2);
        Assert.Equal([1, reply.Namespace!.Id], shared.SeenBy(2));
        Assert.Equal(3ul * SharedDisk.MiB, shared.DiskOf(2).Namespaces[1].Bytes);
    }

    [Fact]
    public void A_move_carries_what_the_function_sees_and_nothing_else_of_the_old_owner()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 2);
        var first = shared.Create(1);
        var second = shared.Create(2);
        Assert.True(shared.Write(1, first, seed: 7).IsSuccess);

        var moved = shared.Fabric.Run(() => shared.Bridge.MoveAsync("disk.vf1", "host3"));
        Assert.True(moved.Ok, moved.Message);
        shared.Fabric.Until(() => shared.Host(3).Disks == 1 && shared.Host(1).Disks == 0);

        Assert.Equal([1, first], shared.SeenBy(3));
        Assert.True(shared.Holds(3, first, seed: 7));
        Assert.Equal("host3", shared.Status(first)!.Owner);
        Assert.Equal([1, second], shared.SeenBy(2));

        // The old owner comes back with another function: what went is not its any more.
        shared.Attach(3, 1);
        Assert.Equal([1u], shared.SeenBy(1));
    }

    [Fact]
    public void A_detach_leaves_namespaces_with_their_owner_and_another_owner_gets_only_its_own()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1);
        var theirs = shared.Create(2);
        Assert.True(shared.Write(1, mine, seed: 5).IsSuccess);

        Assert.True(shared.Fabric.Run(() => shared.Bridge.DetachAsync("disk.vf1")).Ok);
        shared.Fabric.Until(() => shared.Host(1).Disks == 0);
        Assert.Empty(shared.Status(mine)!.Functions);
        shared.Attach(1, 2);
        Assert.Equal([1, theirs], shared.SeenBy(2));
        Assert.Equal("host1", shared.Status(mine)!.Owner);

        shared.Attach(2, 1);
        Assert.Equal([1, mine], shared.SeenBy(1));
        Assert.True(shared.Holds(1, mine, seed: 5));
    }

    [Fact]
    public void A_function_taken_by_force_does_not_bring_its_owner_s_namespaces()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1);
        Assert.True(shared.Fabric.Run(() => shared.Bridge.AttachAsync("disk.vf1", "host2", force: true)).Ok);
        shared.Fabric.Until(() => shared.Host(2).Disks == 1);
        Assert.Equal([1u], shared.SeenBy(2));
        Assert.Equal("host1", shared.Status(mine)!.Owner);
    }

    [Fact]
    public void A_resize_is_seen_live_and_one_that_cuts_is_refused_while_the_host_uses_it()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1, mib: 2);
        var beyond = 2ul * SharedDisk.MiB / 512;
        Assert.Equal(NvmeOutcome.InvalidRequest, shared.Write(1, mine, seed: 3, lba: beyond).Outcome);

        var grown = shared.Do(b => b.ResizeNamespaceAsync("disk", mine, 5 * SharedDisk.MiB));
        Assert.True(grown.Ok, grown.Message);
        Assert.Equal(5ul * SharedDisk.MiB, grown.Namespace!.Bytes);
        shared.Fabric.Until(() => shared.DiskOf(1).Namespaces[1].Bytes == 5ul * SharedDisk.MiB);
        Assert.True(shared.Write(1, mine, seed: 3, lba: beyond).IsSuccess);
        Assert.True(shared.Holds(1, mine, seed: 3, lba: beyond));

        var refused = shared.Do(b => b.ResizeNamespaceAsync("disk", mine, SharedDisk.MiB));
        Assert.Equal(RefusalCode.NamespaceInUse, refused.Code);
        Assert.True(shared.Do(b => b.ResizeNamespaceAsync("disk", mine, SharedDisk.MiB, force: true)).Ok);
        shared.Fabric.Until(() => shared.DiskOf(1).Namespaces[1].Bytes == SharedDisk.MiB);
        Assert.Equal(NvmeOutcome.InvalidRequest, shared.Write(1, mine, seed: 3, lba: beyond).Outcome);
    }

    [Fact]
    public void A_namespace_in_use_is_deleted_only_by_force_and_its_host_sees_it_go()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1);
        Assert.Equal(RefusalCode.NamespaceInUse, shared.Do(b => b.DeleteNamespaceAsync("disk", mine)).Code);
        Assert.Equal(RefusalCode.NamespaceInUse, shared.Do(b => b.DeleteNamespaceAsync("disk", 1)).Code);
        Assert.Equal([1, mine], shared.SeenBy(1));

        Assert.True(shared.Do(b => b.DeleteNamespaceAsync("disk", mine, force: true)).Ok);
        shared.Fabric.Until(() => shared.SeenBy(1).Length == 1);
        Assert.False(shared.Write(1, mine, seed: 1).IsSuccess);
        Assert.Null(shared.Status(mine));
        Assert.Equal(RefusalCode.NoSuchNamespace, shared.Do(b => b.DeleteNamespaceAsync("disk", mine)).Code);

        // Its identifier may be another's now, and that is not the old owner's.
        var next = shared.Create(2);
        Assert.Equal([1u], shared.SeenBy(1));
        Assert.Equal("host2", shared.Status(next)!.Owner);
    }

    [Fact]
    public void What_cannot_be_is_refused_in_words()
    {
        var shared = new SharedDisk();
        Assert.Equal(RefusalCode.NoSuchDevice, shared.Do(b => b.CreateNamespaceAsync("disc", SharedDisk.MiB, "host1")).Code);
        Assert.Equal(RefusalCode.NoSuchHost, shared.Do(b => b.CreateNamespaceAsync("disk", SharedDisk.MiB, "host9")).Code);
        Assert.Equal(RefusalCode.OutOfRange, shared.Do(b => b.CreateNamespaceAsync("disk", 0, "host1")).Code);
        var free = shared.Fabric.Run(() => shared.Bridge.NamespacesAsync()).Single().FreeBytes;
        var tooMuch = shared.Do(b => b.CreateNamespaceAsync("disk", 1ul << 40, "host1"));
        Assert.Equal(RefusalCode.NoCapacity, tooMuch.Code);
        Assert.Contains($"{free} bytes", tooMuch.Message, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.NoSuchNamespace, shared.Do(b => b.ResizeNamespaceAsync("disk", 99, SharedDisk.MiB)).Code);
        Assert.False(shared.Fabric.Run(() => shared.Bridge.AttachAsync("disk", "host1")).Ok, "the physical function is the bridge's");
    }

    [Fact]
    public void Owners_survive_a_restart_of_the_box_and_so_do_their_data()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 2);
        var (first, second) = (shared.Create(1), shared.Create(2));
        Assert.True(shared.Write(1, first, seed: 1).IsSuccess && shared.Write(2, second, seed: 2).IsSuccess);
        Assert.True(shared.Fabric.Run(async () =>
            (await shared.DiskOf(1).FlushAsync(first)).IsSuccess && (await shared.DiskOf(2).FlushAsync(second)).IsSuccess));

        var disks = new[] { shared.DiskOf(1), shared.DiskOf(2) };
        shared.Restart();
        shared.Fabric.Until(() => disks.All(d => d is { IsUsable: true, Resets: 1 } && d.Namespaces.Count == 2));

        // They never went: each controller was reset by its host, and sees what its owner may see and nothing else.
        Assert.Equal(disks, [shared.DiskOf(1), shared.DiskOf(2)]);
        Assert.Equal([1, first], shared.SeenBy(1));
        Assert.Equal([1, second], shared.SeenBy(2));
        Assert.True(shared.Holds(1, first, seed: 1) && shared.Holds(2, second, seed: 2));
    }

    [Fact]
    public void A_namespace_whose_owner_is_not_durable_is_taken_back_and_was_never_seen()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Box.Store.HoldsBack = true;
        var create = shared.Fabric.Scheduler.Run(() => shared.Bridge.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1"));
        shared.Fabric.Pass(TimeSpan.FromSeconds(5));
        Assert.False(create.IsCompleted);
        Assert.Equal([1u], shared.SeenBy(1));
        shared.Fabric.Until(() => create.IsCompleted);
        Assert.Equal(RefusalCode.NotRecorded, shared.Fabric.Run(() => create).Code);

        shared.Box.Store.LetGo();
        shared.Fabric.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal([1u], shared.SeenBy(1));
        Assert.Equal([1u], shared.Fabric.Run(() => shared.Bridge.NamespacesAsync("disk")).Single().Namespaces.Select(n => n.Id));
    }

    [Fact]
    public void A_move_whose_record_is_not_durable_leaves_the_namespaces_where_they_are()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 2);
        var mine = shared.Create(1);
        shared.Box.Store.HoldsBack = true;
        var move = shared.Fabric.Scheduler.Run(() => shared.Bridge.MoveAsync("disk.vf1", "host2"));
        shared.Fabric.Until(() => move.IsCompleted);
        Assert.Equal(RefusalCode.NotRecorded, shared.Fabric.Run(() => move).Code);
        Assert.Equal(1, shared.Host(2).Disks);
        Assert.Equal([1u], shared.SeenBy(2));

        shared.Box.Store.LetGo();
        shared.Fabric.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("host1", shared.Status(mine)!.Owner);
        Assert.Equal([1u], shared.SeenBy(2));
    }

    [Fact]
    public void A_namespace_that_nobody_owns_can_be_given_and_one_that_is_owned_only_by_force()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 2);
        var mine = shared.Create(1);
        Assert.Equal(RefusalCode.AlreadyOwned, shared.Do(b => b.GiveNamespaceAsync("disk", mine, "host2")).Code);
        Assert.Equal([1u], shared.SeenBy(2));
        Assert.True(shared.Do(b => b.GiveNamespaceAsync("disk", mine, "host2", force: true)).Ok);
        shared.Fabric.Until(() => shared.SeenBy(1).Length == 1 && shared.SeenBy(2).Length == 2);
        Assert.Equal("host2", shared.Status(mine)!.Owner);
    }

    [Fact]
    public void A_record_that_names_another_UUID_gives_nobody_the_namespace()
    {
        var shared = new SharedDisk();
        var mine = shared.Create(1);
        var uuid = shared.Status(mine)!.Uuid;
        Assert.NotEqual(Guid.Empty, uuid);
        Assert.NotEqual(uuid, shared.Status(shared.Create(2))!.Uuid);
        var image = shared.Box.Store.Load()!;
        var record = image.Namespaces.Single(n => n.Id == mine);
        Assert.Equal(uuid, record.Uuid);
        shared.Box.Store.Save(image with { Version = image.Version + 1, Namespaces = [record with { Uuid = new Guid(1, 2, 3, new byte[8]) }] });

        shared.Restart();
        shared.Fabric.Until(() => shared.Bridge.Status().Hosts.All(h => h.Linked));
        shared.Attach(1, 1);
        Assert.Equal([1u], shared.SeenBy(1));
        Assert.Null(shared.Status(mine)!.Owner);
        Assert.True(shared.Do(b => b.GiveNamespaceAsync("disk", mine, "host1")).Ok);
        shared.Fabric.Until(() => shared.SeenBy(1).Length == 2);
    }

    [Fact]
    public void A_reset_of_the_primary_controller_is_survived_by_every_host_and_every_namespace()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        shared.Attach(2, 2);
        var (first, second) = (shared.Create(1), shared.Create(2));
        Assert.True(shared.Write(1, first, seed: 1).IsSuccess && shared.Write(2, second, seed: 2).IsSuccess);

        shared.ResetPrimary();
        shared.Fabric.Pass(TimeSpan.FromSeconds(10));

        Assert.Contains(shared.Fabric.Events.Events, e => e.Text.Contains("primary controller is back", StringComparison.Ordinal));
        Assert.True(shared.Fabric.Run(() => shared.DiskOf(1).ResetAsync()) && shared.Fabric.Run(() => shared.DiskOf(2).ResetAsync()));
        Assert.True(shared.Holds(1, first, seed: 1) && shared.Holds(2, second, seed: 2));
        Assert.True(shared.Do(b => b.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1")).Ok);
    }

    [Fact]
    public void A_function_that_cannot_be_made_ready_is_not_shown_until_it_can()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1);

        // The primary controller is lost at the very moment when the namespaces are to be changed.
        var taken = shared.Fabric.Run(() => shared.Bridge.AttachAsync("disk.vf1", "host2", force: true, progress: step =>
        {
            if (step.Name == BridgeStepName.Recorded)
            {
                shared.ResetPrimary();
            }
        }));
        Assert.Equal(RefusalCode.NotPrepared, taken.Code);
        Assert.DoesNotContain(taken.Steps, s => s.Name == BridgeStepName.Presented);

        shared.Fabric.Until(() => shared.Host(2).Disks == 1);
        Assert.Equal([1u], shared.SeenBy(2));
        Assert.Equal("host1", shared.Status(mine)!.Owner);
        Assert.Empty(shared.Status(mine)!.Functions);
    }
}
