using ExpEther.Bridge.Hosts;
using ExpEther.Daemon.Hosts;
using ExpEther.Daemon.State;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Tests.Ownership;

public class FileSlotStoreTests
{
    private static readonly KeptSlot[] Slots =
    [
        new(1, new MacAddress(0x02_00_00_00_00_01), "disk1", true),
        new(3, new MacAddress(0x02_00_00_00_00_02), "disk ä \"2\"", false),
    ];

    private readonly Events _events = new();

    [Fact]
    public void What_was_saved_is_there_in_the_next_life_and_only_for_the_same_host()
    {
        using var scratch = new Scratch();
        using (var writer = new StateWriter(_events))
        {
            var store = Open(scratch, writer);
            Assert.Empty(store.Load());
            store.Save([Slots[0]]);
            store.Save(Slots);
        }

        using var next = new StateWriter(_events);
        Assert.Equal(Slots, Open(scratch, next).Load());
        Assert.Empty(Open(scratch, next, vlan: 12).Load());
        Assert.Empty(_events.All);
    }

    [Theory]
    [InlineData("\"slot\":3", "\"slot\":2", "checksum")]
    [InlineData("\"version\":1", "\"version\":2", "checksum")]
    [InlineData("\"expether\"", "\"expEther\"", "no checksum")]
    [InlineData("\"state\"", "\"stale\"", "damaged")]
    public void A_file_that_is_not_what_was_written_counts_as_none_and_is_told(string text, string changed, string why)
    {
        using var scratch = new Scratch();
        var file = Write(scratch);
        var before = File.ReadAllText(file);
        Assert.Contains(text, before, StringComparison.Ordinal);
        File.WriteAllText(file, before.Replace(text, changed, StringComparison.Ordinal));

        using var writer = new StateWriter(_events);
        Assert.Empty(Open(scratch, writer).Load());

        var told = Assert.Single(_events.All).Text;
        Assert.Contains(file, told, StringComparison.Ordinal);
        Assert.Contains(why, told, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.ChangeExtension(file, ".bad-1")));
    }

    [Fact]
    public void A_second_daemon_with_the_same_host_is_refused()
    {
        using var scratch = new Scratch();
        using var first = new StateWriter(_events);
        using var second = new StateWriter(_events);
        Open(scratch, first);
        Open(scratch, first);

        Assert.Contains("one owner", Assert.Throws<IOException>(() => Open(scratch, second)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_counts_as_none()
    {
        using var scratch = new Scratch();
        var file = Write(scratch);
        var whole = File.ReadAllText(file).TrimEnd();
        using var writer = new StateWriter(_events);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllText(file, whole[..length]);
            Assert.Empty(Open(scratch, writer).Load());
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named_with_its_key()
    {
        using var scratch = new Scratch();
        using var writer = new StateWriter(_events);
        var folder = Path.Combine(scratch.Write("file", "no folder"), "below");

        var error = Assert.Throws<IOException>(
            () => new FileSlotStore(folder, "host1", new VlanId(11), new MacAddress(0x02_00_00_00_00_07), writer, _events));

        Assert.Contains("stateDirectory", error.Message, StringComparison.Ordinal);
    }

    private static FileSlotStore Open(Scratch scratch, StateWriter writer, Events events, int vlan) =>
        new(scratch.Folder, "host1", new VlanId((ushort)vlan), new MacAddress(0x02_00_00_00_00_07), writer, events);

    private FileSlotStore Open(Scratch scratch, StateWriter writer, int vlan = 11) => Open(scratch, writer, _events, vlan);

    private string Write(Scratch scratch)
    {
        using var writer = new StateWriter(_events);
        var store = Open(scratch, writer);
        store.Save(Slots);
        return store.FilePath;
    }
}
