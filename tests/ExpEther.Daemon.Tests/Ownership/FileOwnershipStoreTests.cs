using System.Diagnostics;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Daemon.Ownership;
using ExpEther.Daemon.State;
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
        var given = new NamespaceRecord("disk", 3, Guid.Parse("0f2d7a6e-8a4b-4d5e-9d0c-3b1f6a7c8d9e"), owner) { SeenBy = 1, GivenTo = 2 };
        var image = Image(7) with { Namespaces = [given] };
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
        Assert.Equal(
            ["ownership-box.json", "ownership-box.json.lock"], Directory.EnumerateFiles(scratch.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
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
    [InlineData("{\"version\":1,\"incarnation\":1,\"counter\":1,\"owners\":[]}")]
    [InlineData(
        "{\"format\":1,\"version\":1,\"incarnation\":1,\"counter\":1,"
        + "\"owners\":[{\"function\":\"f\",\"vlan\":4095,\"mac\":\"02:00:00:00:00:01\",\"generation\":1}]}")]
    [InlineData("{\"format\":1,\"version\":\"x\",\"incarnation\":1,\"counter\":1,\"owners\":[]}")]
    [InlineData("{\"format\":1,\"version\":1,\"incarnation\":1,\"counter\":1,\"owners\":[],\"namespaces\":7}")]
    [InlineData("{\"format\":1,\"format\":1,\"version\":1,\"incarnation\":1,\"counter\":1,\"owners\":[]}")]
    [InlineData("[]")]
    [InlineData("\0\0\0\0")]
    public void Without_a_file_that_is_an_image_a_box_does_not_start_until_the_loss_is_accepted_and_the_file_stays(string content)
    {
        using var scratch = new Scratch();
        var events = new Events();
        var file = scratch.Write("ownership-box.json", content);

        var message = Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", events)).Message;
        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains("--accept-lost-ownership", message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(file));

        using var store = new FileOwnershipStore(scratch.Folder, "box", events, acceptsLoss: true);
        Assert.Null(store.Load());
        Assert.False(store.IsDurable(0));
        var told = Assert.Single(events.All);
        Assert.Equal(EventSeverity.Warning, told.Severity);
        Assert.Contains("ownership-box.bad-1", told.Text, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(scratch.File("ownership-box.bad-1")));
        store.Save(Image(1));
        WaitUntilDurable(store, 1);
    }

    [Fact]
    public void A_file_with_any_bit_flipped_or_cut_anywhere_never_gives_other_owners()
    {
        using var scratch = new Scratch();
        var whole = WriteOne(scratch);
        // That each bit is noticed, the envelope's own test says.
        for (var bit = 0; bit < whole.Length * 8; bit += 5)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(scratch.File("ownership-box.json"), flipped);
            Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", new Events()));
        }

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(scratch.File("ownership-box.json"), whole.AsSpan(0, length));
            Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", new Events()));
        }

        File.Delete(scratch.File("ownership-box.json"));
        Assert.Contains(
            "is gone", Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", new Events())).Message, StringComparison.Ordinal);
        File.WriteAllBytes(scratch.File("ownership-box.json"), whole);
        using var store = new FileOwnershipStore(scratch.Folder, "box", new Events());
        Assert.Equal(7, store.Load()!.Version);
    }

    [Fact]
    public void A_file_of_version_1_is_written_again_with_a_checksum_before_anything_else()
    {
        using var scratch = new Scratch();
        var events = new Events();
        var file = scratch.Write(
            "ownership-box.json",
            """
            {"format":1,"version":4,"incarnation":9,"counter":5,"owners":[{"function":"disk","vlan":11,"mac":"02:00:00:00:00:01","generation":77}]}
            """);
        new FileOwnershipStore(scratch.Folder, "box", events).Dispose();

        Assert.StartsWith("{\"expether\":\"ownership\",\"version\":3,", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Contains("version 1", Assert.Single(events.All).Text, StringComparison.Ordinal);
        using var store = new FileOwnershipStore(scratch.Folder, "box", events);
        Assert.Equal(77ul, Assert.Single(store.Load()!.Owners).Generation);
        Assert.Single(events.All);
    }

    [Fact]
    public void A_file_of_version_2_is_read_and_its_namespaces_were_given_to_no_function()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch.File("ownership-box.json"), StateEnvelope.Wrap("ownership", 2, """
            {"version":4,"incarnation":9,"counter":5,"owners":[],"namespaces":[{"device":"disk","id":65,
            "uuid":"0f2d7a6e-8a4b-4d5e-9d0c-3b1f6a7c8d9e","vlan":11,"mac":"02:00:00:00:00:01","seenBy":2}],"creating":[]}
            """u8));
        using var store = new FileOwnershipStore(scratch.Folder, "box", new Events());
        var found = Assert.Single(store.Load()!.Namespaces);
        Assert.Equal((2, 0), (found.SeenBy, found.GivenTo));
    }

    [Fact]
    public void A_file_of_a_later_version_is_refused_whatever_loss_is_accepted()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch.File("ownership-box.json"), StateEnvelope.Wrap("ownership", 4, "{}"u8));

        var message = Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", new Events(), acceptsLoss: true)).Message;

        Assert.Contains("version 4", message, StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFiles(scratch.Folder, "*.json"));
    }

    [Fact]
    public void Two_boxes_of_a_name_cannot_have_one_folder()
    {
        using var scratch = new Scratch();
        using var first = new FileOwnershipStore(scratch.Folder, "box", new Events());
        using var other = new FileOwnershipStore(scratch.Folder, "box2", new Events());

        var message = Assert.Throws<IOException>(() => new FileOwnershipStore(scratch.Folder, "box", new Events())).Message;

        Assert.Contains("ownership-box.json", message, StringComparison.Ordinal);
        Assert.Contains("one owner", message, StringComparison.Ordinal);
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

    private static byte[] WriteOne(Scratch scratch)
    {
        using (var store = new FileOwnershipStore(scratch.Folder, "box", new Events()))
        {
            store.Save(Image(7));
            WaitUntilDurable(store, 7);
        }

        return File.ReadAllBytes(scratch.File("ownership-box.json"));
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
