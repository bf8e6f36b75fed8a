using ExpEther.Core.Counters;
using ExpEther.Core.Time;

namespace ExpEther.Core.Tests.Counters;

public class CounterPublisherTests
{
    private readonly Things _things = new();
    private readonly Page _page = new();

    [Fact]
    public void A_busy_loop_publishes_at_the_interval_an_idle_one_as_a_sign_of_life()
    {
        var publisher = new CounterPublisher(_things, _page);
        publisher.Publish(At(0));
        publisher.OnTurn(wasBusy: true, At(1));
        Assert.Equal(At(CounterLimits.PublishMilliseconds), publisher.NextDeadline);

        publisher.OnTurn(wasBusy: false, At(CounterLimits.PublishMilliseconds - 1));
        Assert.Equal(0, _page.Published);
        publisher.OnTurn(wasBusy: false, At(CounterLimits.PublishMilliseconds));
        Assert.Equal(1, _page.Published);

        Assert.Equal(At(CounterLimits.PublishMilliseconds + CounterLimits.HeartbeatMilliseconds), publisher.NextDeadline);
        publisher.OnTurn(wasBusy: false, At(CounterLimits.PublishMilliseconds + CounterLimits.HeartbeatMilliseconds));
        Assert.Equal(2, _page.Published);
    }

    [Fact]
    public void The_page_is_laid_anew_when_something_comes_or_goes_and_only_then()
    {
        var publisher = new CounterPublisher(_things, _page);
        publisher.Publish(At(0));
        publisher.Publish(At(1));
        Assert.Equal((1, 1), (_page.Laid, _page.Published));

        _things.Names.Add("b");
        publisher.Publish(At(2));
        Assert.Equal(2, _page.Laid);
        Assert.Equal(["things", "things[0].name", "things[0].hits", "things[1].name", "things[1].hits"], _page.Paths);

        _things.Names.RemoveAt(0);
        publisher.Publish(At(3));
        publisher.Publish(At(4));
        Assert.Equal((3, 2), (_page.Laid, _page.Published));
    }

    [Fact]
    public void Publishing_what_has_not_changed_its_shape_allocates_nothing()
    {
        var publisher = new CounterPublisher(_things, _page);
        publisher.Publish(At(0));
        publisher.Publish(At(1));

        var turn = 0;
        Assert.Equal(0, Allocations.FewestOf(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                publisher.OnTurn(wasBusy: true, At(2 + (turn++ * CounterLimits.PublishMilliseconds)));
            }
        }));
    }

    [Fact]
    public void All_counters_of_a_class_and_of_a_structure_are_read_where_they_are()
    {
        var tree = new CounterTree();
        var counting = new Counting();
        var holder = new Holder();
        tree.Object("first", () => tree.All(counting));
        tree.Object("second", () => tree.All(() => ref holder.Value));
        counting.FramesSent = 3;
        holder.Value.BadEcrc = 4;

        Assert.Equal(
            [("first.framesSent", 3L), ("first.framesLost", 0L), ("second.badEcrc", 4L)], tree.Entries.Select(e => (e.Path, e.Read!())));
    }

    private static Instant At(long milliseconds) => new(milliseconds * 1_000_000);

    private struct Structure
    {
        public long BadEcrc { get; set; }
    }

    private sealed class Holder
    {
        private Structure _value;

        public ref Structure Value => ref _value;
    }

    private sealed class Counting
    {
        public long FramesSent { get; set; }

        public long FramesLost { get; init; }

        public string Name => "";
    }

    private sealed class Things : ICounterSource
    {
        public List<string> Names { get; } = ["a"];

        public void AddShape(CounterShape shape)
        {
            foreach (var name in Names)
            {
                shape.Add(name);
            }
        }

        public void AddCounters(CounterTree tree) => tree.List("things", Names, name =>
        {
            tree.Text("name", name);
            tree.Counter("hits", () => 1);
        });
    }

    private sealed class Page : ICounterPage
    {
        public int Laid { get; private set; }

        public int Published { get; private set; }

        public IReadOnlyList<string> Paths { get; private set; } = [];

        public void Lay(IReadOnlyList<CounterEntry> entries, Instant now)
        {
            Laid++;
            Paths = [.. entries.Select(e => e.Path)];
        }

        public void Publish(Instant now) => Published++;
    }
}
