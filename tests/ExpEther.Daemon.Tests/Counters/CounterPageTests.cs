using System.Text.Json.Nodes;
using CsCheck;
using ExpEther.Core.Counters;
using ExpEther.Core.Time;
using ExpEther.Daemon.Counters;

namespace ExpEther.Daemon.Tests.Counters;

public sealed class CounterPageTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_reader_made_from_the_document_sees_every_name_and_value()
    {
        var tree = Tree(out var numbers);
        using var page = new CounterPage(Path("io-box1.counters"), new Events());
        page.Lay(tree.Entries, new Instant(1000));
        numbers[0] = -7;
        page.Publish(new Instant(2000));

        var read = new DocumentedPage(File.ReadAllBytes(Path("io-box1.counters")));

        Assert.Equal((1UL, 2UL, Environment.ProcessId, 2000L), (read.Generation, read.Sequence, read.ProcessId, read.PublishedAt));
        Assert.Equal(
            [
                ("kind", 0, "io", 0L), ("name", 0, "Kästchen", 0L), ("port.isUp", 1, "", 1L), ("links", 5, "", 2L), ("links[0].peer", 0, "host1", 0L),
                ("links[0].sent", 2, "", -7L), ("links[1].peer", 0, "", 0L), ("links[1].sent", 2, "", 5L), ("time", 4, "", 12L),
            ],
            read.Entries);
    }

    [Fact]
    public void Our_reader_gives_back_the_tree_as_JSON()
    {
        var tree = Tree(out _);
        using var page = new CounterPage(Path("a.counters"), new Events());
        page.Lay(tree.Entries, new Instant(1000));

        var snapshot = CounterPageReader.Read(Path("a.counters"));

        Assert.True(snapshot.IsRunning);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""
                {"kind":"io","name":"Kästchen","port":{"isUp":true},"links":[{"peer":"host1","sent":4},{"peer":null,"sent":5}],"time":12}
                """),
            CounterTreeJson.Of(snapshot.Values, "page")));
    }

    [Fact]
    public void A_new_layout_is_a_new_file_and_an_end_leaves_none()
    {
        var path = Path("host-h.counters");
        File.WriteAllText(path, "EXPECNTR what a daemon left that was killed");
        File.WriteAllText($"{path}.new", "and in the middle of this");
        using (var page = new CounterPage(path, new Events()))
        {
            page.Lay(Tree(out _).Entries, new Instant(1));
            using var old = File.OpenHandle(path);
            page.Lay(Tree(out _).Entries, new Instant(2));

            Assert.Equal(2UL, CounterPageReader.Read(path).Generation);
            Assert.False(Linux.Files.MappedFile.IsHeld(old));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal([path], Directory.GetFiles(_scratch.Folder));
        }

        Assert.Empty(Directory.GetFiles(_scratch.Folder));
    }

    [Fact]
    public void Where_a_page_cannot_be_laid_anew_that_is_reported_and_no_stale_one_is_left()
    {
        Directory.CreateDirectory(Path("folder"));
        var events = new Events();
        using var page = new CounterPage(Path("folder/io.counters"), events);
        page.Lay(Tree(out _).Entries, new Instant(1));
        Directory.CreateDirectory(Path("folder/io.counters.new"));

        page.Lay(Tree(out _).Entries, new Instant(2));
        page.Publish(new Instant(3));

        Assert.Contains("cannot be shown", Assert.Single(events.All).Text, StringComparison.Ordinal);
        Assert.False(File.Exists(Path("folder/io.counters")));
    }

    [Fact]
    public void A_page_whose_maker_is_gone_is_told_from_one_whose_maker_runs()
    {
        var path = Path("gone.counters");
        using (var page = new CounterPage(path, new Events()))
        {
            page.Lay(Tree(out _).Entries, new Instant(1));
            File.Copy(path, Path("copy.counters"));
        }

        Assert.False(CounterPageReader.Read(Path("copy.counters")).IsRunning);
    }

    [Fact]
    public void A_snapshot_is_never_of_two_publications()
    {
        const int Entries = 500;
        const int Snapshots = 300;
        var path = Path("hammered.counters");
        long number = 0;
        var seen = 0;
        var ends = false;
        var tree = new CounterTree();
        tree.List("all", Enumerable.Range(0, Entries).ToList(), _ => tree.Counter("n", () => Volatile.Read(ref number)));
        using var page = new CounterPage(path, new Events());
        page.Lay(tree.Entries, new Instant(0));
        var writer = new Thread(() =>
        {
            // Pauses of all lengths: a writer that never pauses lets no reader finish.
            for (var i = 1; Volatile.Read(ref seen) < Snapshots && !Volatile.Read(ref ends); i++)
            {
                Volatile.Write(ref number, i);
                page.Publish(new Instant(i));
                Thread.SpinWait(i % 64 * 50);
            }
        });
        writer.Start();

        try
        {
            while (writer.IsAlive)
            {
                try
                {
                    var snapshot = CounterPageReader.Read(path);
                    Assert.Equal([snapshot.PublishedAt.Nanoseconds], snapshot.Values.Where(v => v.Kind == CounterKind.Counter).Select(v => v.Value).Distinct());
                    Interlocked.Increment(ref seen);
                }
                catch (CounterPageException)
                {
                    // Under a writer without pauses a reader may fail, but not read nonsense.
                }
            }
        }
        finally
        {
            Volatile.Write(ref ends, true);
            writer.Join();
        }

        Assert.True(seen >= Snapshots);
    }

    [Fact]
    public void A_writer_that_stops_in_the_middle_leaves_the_last_whole_snapshot()
    {
        var path = Path("stopped.counters");
        long number = 1;
        var stops = false;
        var tree = new CounterTree();
        tree.Counter("first", () => number);
        tree.Counter("second", () => stops ? throw new InvalidOperationException() : number);
        using var page = new CounterPage(path, new Events());
        page.Lay(tree.Entries, new Instant(1));
        (number, stops) = (2, true);

        Assert.Throws<InvalidOperationException>(() => page.Publish(new Instant(2)));

        var snapshot = CounterPageReader.Read(path);
        Assert.Equal([1L, 1L], snapshot.Values.Select(v => v.Value));
    }

    [Fact]
    public void Damaged_pages_are_refused_or_read_but_nothing_else_happens()
    {
        using var page = new CounterPage(Path("whole.counters"), new Events());
        page.Lay(Tree(out _).Entries, new Instant(1000));
        var whole = File.ReadAllBytes(Path("whole.counters"));

        Gen.Select(Gen.Int[0, whole.Length - 1].Array[0, 6], Gen.Byte.Array[6], Gen.Int[0, whole.Length]).Sample((at, with, length) =>
        {
            var damaged = whole[..length];
            for (var i = 0; i < at.Length; i++)
            {
                if (at[i] < length)
                {
                    damaged[at[i]] = with[i];
                }
            }

            try
            {
                var snapshot = CounterPageReader.Parse(damaged, "damaged", isRunning: false);
                CounterTreeJson.Of(snapshot.Values, "damaged");
            }
            catch (CounterPageException)
            {
                // What is expected of most of them.
            }
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("a.b.c.d.e.f.g.h.i")]
    [InlineData("list[1].x")]
    [InlineData("list[99999999999].x")]
    [InlineData("list[-1].x")]
    [InlineData("nothing[0].x")]
    [InlineData("number.x")]
    [InlineData("number")]
    [InlineData("list[0]")]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("[0].x")]
    public void Paths_that_make_no_tree_are_refused(string path) => Assert.Throws<CounterPageException>(() => CounterTreeJson.Of(
        [
            new CounterValue("list", CounterKind.List, "", 1), new CounterValue("number", CounterKind.Counter, "", 1),
            new CounterValue(path, CounterKind.Counter, "", 1),
        ],
        "test"));

    [Fact]
    public void Publishing_allocates_nothing()
    {
        var tree = Tree(out _);
        using var page = new CounterPage(Path("quiet.counters"), new Events());
        page.Lay(tree.Entries, new Instant(1));
        page.Publish(new Instant(2));

        Assert.Equal(0, Allocations.FewestOf(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                page.Publish(new Instant(i));
            }
        }));
    }

    private static CounterTree Tree(out long[] numbers)
    {
        var values = numbers = [4, 5];
        var tree = new CounterTree();
        tree.Text("kind", "io");
        tree.Text("name", "Kästchen");
        tree.Object("port", () => tree.Flag("isUp", () => true));
        tree.List("links", [("host1", 0), ("", 1)], link =>
        {
            tree.Text("peer", link.Item1);
            tree.Counter("sent", () => values[link.Item2]);
        });
        tree.Nanoseconds("time", () => 12);
        return tree;
    }

    private string Path(string name) => _scratch.File(name);
}
