using System.Diagnostics;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Daemon.Ownership;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.Tests.Ownership;

public class FileOwnershipStoreTests
{
    [Fact]
    public void A_folder_that_cannot_be_made_is_named_with_its_key()
    {
        using var scratch = new Scratch();
        var folder = Path.Combine(scratch.Write("file", "no folder"), "below");

        var error = Assert.Throws<IOException>(() => new FileOwnershipStore(folder, "box1", new Events()));

        Assert.Contains("stateDirectory", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_durable_is_there_after_a_restart()
    {
        using var scratch = new Scratch();
        var image = Image(7);
        using (var store = new FileOwnershipStore(scratch.Folder, "box", new Events()))
        {
            Assert.Null(store.Load());
            store.Save(image);
            WaitUntilDurable(store, 7);
        }

        using var again = new FileOwnershipStore(scratch.Folder, "box", new Events());
        var loaded = again.Load()!;
        Assert.Equal(image.Owners, loaded.Owners);
        Assert.Equal((image.Version, image.Incarnation, image.Counter), (loaded.Version, loaded.Incarnation, loaded.Counter));
        Assert.True(again.IsDurable(7));
        Assert.False(again.IsDurable(8));
    }

    [Fact]
    public void Owners_of_namespaces_are_there_after_a_restart()
    {
        using var scratch = new Scratch();
        var owner = new HostIdentity(new VlanId(12), new MacAddress(0x02_00_00_00_00_07));
        var image = Image(7) with { Namespaces = [new NamespaceRecord("disk", 3, Guid.Parse("0f2d7a6e-8a4b-4d5e-9d0c-3b1f6a7c8d9e"), owner)] };
        using (var store = new FileOwnershipStore(scratch.Folder, "box", new Events()))
        {
            store.Save(image);
            WaitUntilDurable(store, 7);
        }

        using var again = new FileOwnershipStore(scratch.Folder, "box", new Events());
        Assert.Equal(image.Namespaces, again.Load()!.Namespaces);
    }

    [Fact]
    public void A_file_from_before_namespaces_had_owners_is_read()
    {
        using var scratch = new Scratch();
        scratch.Write(
            "ownership-box.json",
            """
            {"format":1,"version":4,"incarnation":9,"counter":5,"owners":[{"function":"disk","vlan":11,"mac":"02:00:00:00:00:01","generation":77}]}
            """);

        using var store = new FileOwnershipStore(scratch.Folder, "box", new Events());
        var image = store.Load()!;

        Assert.Equal((4, 9u, 5u), (image.Version, image.Incarnation, image.Counter));
        Assert.Equal(77ul, Assert.Single(image.Owners).Generation);
        Assert.Empty(image.Namespaces);
    }

    [Fact]
    public void Images_that_come_faster_than_the_disk_end_with_the_newest()
    {
        using var scratch = new Scratch();
        using (var store = new FileOwnershipStore(scratch.Folder, "box", new Events()))
        {
            for (var version = 1; version <= 200; version++)
            {
                store.Save(Image(version));
            }

            WaitUntilDurable(store, 200);
        }

        using var again = new FileOwnershipStore(scratch.Folder, "box", new Events());
        Assert.Equal(200, again.Load()!.Version);
        Assert.Equal(["ownership-box.json"], Directory.EnumerateFiles(scratch.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public void A_half_written_new_file_does_not_hide_the_old_image()
    {
        using var scratch = new Scratch();
        using (var store = new FileOwnershipStore(scratch.Folder, "box", new Events()))
        {
            store.Save(Image(3));
            WaitUntilDurable(store, 3);
        }

        scratch.Write("ownership-box.json.new", "{\"format\":1,\"vers");
        using var again = new FileOwnershipStore(scratch.Folder, "box", new Events());
        Assert.Equal(3, again.Load()!.Version);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"format\":1,\"vers")]
    [InlineData("{\"format\":2,\"version\":1,\"incarnation\":1,\"counter\":1,\"owners\":[]}")]
    [InlineData(
        "{\"format\":1,\"version\":1,\"incarnation\":1,\"counter\":1,"
        + "\"owners\":[{\"function\":\"f\",\"vlan\":4095,\"mac\":\"02:00:00:00:00:01\",\"generation\":1}]}")]
    [InlineData("{\"format\":1,\"version\":\"x\",\"incarnation\":1,\"counter\":1,\"owners\":[]}")]
    [InlineData("[]")]
    public void A_file_that_is_no_image_counts_as_no_state_and_is_reported(string content)
    {
        using var scratch = new Scratch();
        var events = new Events();
        scratch.Write("ownership-box.json", content);
        using var store = new FileOwnershipStore(scratch.Folder, "box", events);

        Assert.Null(store.Load());
        Assert.Equal(EventSeverity.Warning, Assert.Single(events.All).Severity);
        Assert.False(store.IsDurable(0));
    }

    [Fact]
    public void Nothing_is_durable_while_the_file_cannot_be_written_and_the_operator_is_told()
    {
        using var scratch = new Scratch();
        var events = new Events();
        using var store = new FileOwnershipStore(scratch.Folder, "box", events);
        Directory.CreateDirectory(scratch.File("ownership-box.json.new"));

        store.Save(Image(1));
        Wait(store);

        Assert.False(store.IsDurable(1));
        Assert.Equal(EventSeverity.Error, Assert.Single(events.All).Severity);
        Directory.Delete(scratch.File("ownership-box.json.new"));
        store.Save(Image(2));
        WaitUntilDurable(store, 2);
    }

    private static OwnershipImage Image(long version) => new(
        version, 0xDEADBEEF, 42,
        [
            new OwnershipRecord("disk1", new VlanId(101), new MacAddress(0x02_0000_0000_01), (0xDEADBEEFul << 21) | 42),
            new OwnershipRecord("disk2", new VlanId(102), new MacAddress(0x02_0000_0000_02), 5),
        ]);

    private static void WaitUntilDurable(FileOwnershipStore store, long version)
    {
        var watch = Stopwatch.StartNew();
        while (!store.IsDurable(version))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
            Wait(store);
        }
    }

    private static void Wait(FileOwnershipStore store)
    {
        var poller = new Poller();
        poller.Add(store.Written.FileDescriptor, PollEvents.Readable);
        poller.Wait(TimeSpan.FromSeconds(10));
        store.Written.Clear();
    }
}
