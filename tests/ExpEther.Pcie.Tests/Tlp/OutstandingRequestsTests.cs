using CsCheck;
using ExpEther.Core.Time;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class OutstandingRequestsTests
{
    private static readonly Rid Host = new(0xFE, 1, 0);
    private static readonly Rid Other = new(0xFE, 2, 0);

    [Fact]
    public void Completion_gives_the_request_back_and_frees_the_tag()
    {
        var table = new OutstandingRequests<int>(4);
        Assert.True(table.TryAdd(Host, new Tag(7), 42, At(10)));
        Assert.Equal(OutstandingState.Live, table.StateOf(Host, new Tag(7)));
        Assert.True(table.TryRemove(Host, new Tag(7), out var value));
        Assert.Equal(42, value);
        Assert.Equal(OutstandingState.None, table.StateOf(Host, new Tag(7)));
        Assert.Equal(0, table.Count);
        Assert.Null(table.NextDeadline);
    }

    [Fact]
    public void Same_tag_of_another_requester_is_another_request()
    {
        var table = new OutstandingRequests<int>(4);
        Assert.True(table.TryAdd(Host, new Tag(7), 1, At(10)));
        Assert.True(table.TryAdd(Other, new Tag(7), 2, At(10)));
        Assert.False(table.TryAdd(Host, new Tag(7), 3, At(10)));
        Assert.True(table.TryGet(Other, new Tag(7), out var value));
        Assert.Equal(2, value);
    }

    [Fact]
    public void Expired_tag_stays_taken_until_its_late_completion_which_nobody_gets()
    {
        var table = new OutstandingRequests<int>(4);
        table.TryAdd(Host, new Tag(7), 42, At(10));
        Assert.False(table.TryExpire(At(9), out _, out _, out _));
        Assert.True(table.TryExpire(At(10), out var rid, out var tag, out var value));
        Assert.Equal((Host, new Tag(7), 42), (rid, tag, value));
        Assert.False(table.TryExpire(At(10), out _, out _, out _));

        Assert.Equal(OutstandingState.Quarantined, table.StateOf(Host, new Tag(7)));
        Assert.Equal((1, 1), (table.Count, table.QuarantinedCount));
        Assert.False(table.TryAdd(Host, new Tag(7), 43, At(20)));
        Assert.False(table.TryGet(Host, new Tag(7), out _));
        Assert.False(table.TryUpdate(Host, new Tag(7), 44));

        Assert.False(table.TryRemove(Host, new Tag(7), out _));
        Assert.Equal(OutstandingState.None, table.StateOf(Host, new Tag(7)));
        Assert.True(table.TryAdd(Host, new Tag(7), 45, At(30)));
    }

    [Fact]
    public void Full_table_refuses_and_quarantine_counts()
    {
        var table = new OutstandingRequests<int>(2);
        table.TryAdd(Host, new Tag(0), 0, At(1));
        table.TryAdd(Host, new Tag(1), 1, At(2));
        Assert.False(table.TryAdd(Host, new Tag(2), 2, At(3)));
        table.TryExpire(At(1), out _, out _, out _);
        Assert.False(table.TryAdd(Host, new Tag(2), 2, At(3)));
        Assert.Equal(2, table.Release(Host));
        Assert.True(table.TryAdd(Host, new Tag(0), 2, At(3)));
    }

    [Fact]
    public void Dead_link_takes_live_requests_and_leaves_quarantined_ones()
    {
        var table = new OutstandingRequests<int>(4);
        table.TryAdd(Host, new Tag(0), 0, At(1));
        table.TryAdd(Other, new Tag(0), 1, At(2));
        table.TryExpire(At(1), out _, out _, out _);
        Assert.True(table.TryTakeLive(out var rid, out _, out _));
        Assert.Equal(Other, rid);
        Assert.False(table.TryTakeLive(out _, out _, out _));
        Assert.Equal((1, 0), (table.CountOf(Host), table.CountOf(Other)));
        table.Clear();
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Behaves_as_a_dictionary_with_deadlines_whatever_happens_to_it() =>
        Gen.Select(Gen.Int[0, 5], Gen.UShort[0, 3], Gen.UShort[0, 7], Gen.Int[0, 20]).Array[0, 200].Sample(steps =>
        {
            var table = new OutstandingRequests<int>(12);
            var model = new Dictionary<(Rid, Tag), (int Value, long Deadline, bool Live)>();
            long now = 0;
            for (var i = 0; i < steps.Length; i++)
            {
                var (what, rid, tagValue, span) = steps[i];
                var key = (new Rid(rid), new Tag(tagValue));
                switch (what)
                {
                    case 0 or 1:
                        var added = model.Count < 12 && model.TryAdd(key, (i, now + span, true));
                        Assert.Equal(added, table.TryAdd(key.Item1, key.Item2, i, At(now + span)));
                        break;
                    case 2:
                        var live = model.Remove(key, out var gone) && gone.Live;
                        Assert.Equal(live, table.TryRemove(key.Item1, key.Item2, out var value));
                        Assert.Equal(live ? gone.Value : 0, value);
                        break;
                    case 3:
                        now += span;
                        var last = long.MinValue;
                        while (table.TryExpire(At(now), out var expiredRid, out var expiredTag, out var expiredValue))
                        {
                            var entry = model[(expiredRid, expiredTag)];
                            Assert.True(entry.Live && entry.Deadline <= now && entry.Deadline >= last);
                            Assert.Equal(entry.Value, expiredValue);
                            last = entry.Deadline;
                            model[(expiredRid, expiredTag)] = entry with { Live = false };
                        }

                        break;
                    case 4 when span == 0:
                        Assert.Equal(model.Keys.Where(k => k.Item1 == key.Item1).ToList().Count(model.Remove), table.Release(key.Item1));
                        break;
                    default:
                        var known = model.TryGetValue(key, out var found) && found.Live;
                        Assert.Equal(known, table.TryGet(key.Item1, key.Item2, out var seen));
                        Assert.Equal(known ? found.Value : 0, seen);
                        break;
                }

                Assert.Equal(model.Count, table.Count);
                Assert.Equal(model.Values.Count(entry => !entry.Live), table.QuarantinedCount);
                long? next = model.Values.Any(entry => entry.Live) ? model.Values.Where(entry => entry.Live).Min(entry => entry.Deadline) : null;
                Assert.Equal(next, table.NextDeadline?.Nanoseconds);
            }
        }, iter: 1_000);

    private static Instant At(long nanoseconds) => new(nanoseconds);
}
