using ExpEther.Bridge.Io;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>What a box finds at its start when it ended while a namespace was being made, or when records and namespaces do not fit together.</summary>
public class NamespaceRecoveryTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void A_namespace_that_was_made_when_the_power_went_is_nobodys_to_see_and_is_deleted_at_the_start(int durableRecords, bool isMade)
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var mine = shared.Create(1);
        shared.Box.Store.HoldsBackAfter = durableRecords;
        var create = shared.Fabric.Scheduler.Run(() => shared.Bridge.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1"));
        shared.Fabric.Pass(TimeSpan.FromSeconds(2));
        Assert.False(create.IsCompleted);
        Assert.Equal([1u, mine], shared.SeenBy(1));

        shared.Box.Store.LosePower();
        shared.Restart();
        shared.Fabric.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal([1u, mine], Ids(shared));
        Assert.Equal("host1", shared.Status(mine)!.Owner);
        Assert.Empty(shared.Box.Store.Load()!.Intents);
        Assert.Equal(isMade, shared.Fabric.Events.Events.Any(e => e.Text.Contains("was being made for host 'host1'", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_namespace_whose_owner_was_forgotten_is_told_and_left_alone_whatever_was_being_made()
    {
        var shared = new SharedDisk();
        var old = shared.Create(2);
        var image = shared.Box.Store.Load()!;
        shared.Box.Store.Save(image with { Version = image.Version + 1, Namespaces = [] });
        shared.Restart();
        shared.Fabric.Pass(TimeSpan.FromSeconds(1));
        Assert.Contains(shared.Fabric.Events.Events, e => e.Text.Contains($"namespace {old} (2097152 bytes) belongs to nobody", StringComparison.Ordinal));

        shared.Box.Store.HoldsBackAfter = 1;
        var create = shared.Fabric.Scheduler.Run(() => shared.Bridge.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1"));
        shared.Fabric.Pass(TimeSpan.FromSeconds(2));
        Assert.False(create.IsCompleted);
        shared.Box.Store.LosePower();
        shared.Restart();
        shared.Fabric.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal([1u, old], Ids(shared));
        Assert.Null(shared.Status(old)!.Owner);
    }

    [Fact]
    public void A_recorded_namespace_that_is_not_on_the_device_is_told()
    {
        var shared = new SharedDisk();
        var mine = shared.Create(1);
        var image = shared.Box.Store.Load()!;
        var record = Assert.Single(image.Namespaces);
        var other = record with { Id = 90, Uuid = new Guid(1, 2, 3, new byte[8]) };
        shared.Box.Store.Save(image with { Version = image.Version + 1, Namespaces = [record, other] });

        shared.Restart();
        shared.Fabric.Pass(TimeSpan.FromSeconds(1));

        var told = Assert.Single(shared.Fabric.Events.Events, e => e.Text.Contains("namespace 90", StringComparison.Ordinal));
        Assert.Contains("'host1'", told.Text, StringComparison.Ordinal);
        Assert.Equal("host1", shared.Status(mine)!.Owner);
    }

    [Fact]
    public void A_creation_whose_owner_cannot_be_recorded_leaves_nothing()
    {
        var shared = new SharedDisk();
        shared.Box.Store.HoldsBackAfter = 1;
        var create = shared.Fabric.Scheduler.Run(() => shared.Bridge.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1"));
        shared.Fabric.Until(() => create.IsCompleted);
        Assert.Equal(RefusalCode.NotRecorded, shared.Fabric.Run(() => create).Code);
        Assert.Equal([1u], Ids(shared));

        shared.Box.Store.LetGo();
        Assert.True(shared.Do(b => b.CreateNamespaceAsync("disk", SharedDisk.MiB, "host1")).Ok);
        Assert.Empty(shared.Box.Store.Load()!.Intents);
        Assert.Single(shared.Box.Store.Load()!.Namespaces);
    }

    private static uint[] Ids(SharedDisk shared) =>
        [.. shared.Fabric.Run(() => shared.Bridge.NamespacesAsync("disk")).Single().Namespaces.Select(n => n.Id)];
}
