using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Protocol;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>Which slot a function gets: its own, whatever came before it, and over restarts of either side.</summary>
public class KeptSlotTests
{
    private readonly MemorySlotStore _store = new();

    [Fact]
    public void Functions_have_their_slots_again_in_another_life_of_the_bridge_in_whatever_order_they_come()
    {
        var (_, box) = Start();
        Present(box, "a", "b", "c");
        var numbers = new Dictionary<string, ushort> { ["a"] = 20, ["b"] = 21, ["c"] = 22 };

        foreach (var order in (string[][])[["c", "b", "a"], ["b", "a", "c"], ["b", "c"]])
        {
            var (bench, again) = Start();
            foreach (var name in order)
            {
                // The box numbers them anew too.
                again.Present(numbers[name], 1, name);
                bench.Settle();
            }

            foreach (var (name, slot) in ((string, int)[])[("a", 1), ("b", 2), ("c", 3)])
            {
                Assert.Equal(order.Contains(name) ? name : null, bench.Slot(slot).Function?.Name);
            }
        }
    }

    [Fact]
    public void A_function_that_is_expected_keeps_its_slot_from_one_that_is_unknown()
    {
        var (_, box) = Start();
        Present(box, "a", "b");

        var (bench, again) = Start();
        again.Present(9, 1, "c");
        bench.Settle();

        Assert.Equal([null, null, "c", null], Names(bench));
        Assert.Equal("a", bench.Slot(1).Kept!.Function);
        Assert.Null(bench.Slot(1).Function);
    }

    [Fact]
    public void The_lowest_free_slot_goes_to_the_next_function_once_its_last_one_is_not_this_hosts()
    {
        var (bench, box) = Start();
        Present(box, "a", "b");
        box.Withdraw(1, 1);
        box.Forget("a");
        bench.Settle();

        box.Present(3, 1, "c");
        bench.Pass(TimeSpan.FromSeconds(11));

        Assert.Equal(["c", "b", null, null], Names(bench));
    }

    [Fact]
    public void A_function_that_went_away_comes_back_to_its_slot_if_no_other_has_it()
    {
        var (bench, box) = Start();
        Present(box, "a", "b");
        box.Withdraw(1, 1);
        box.Withdraw(2, 1);
        box.Forget("a");
        box.Forget("b");
        bench.Settle();

        box.Present(2, 2, "b");
        bench.Pass(TimeSpan.FromSeconds(11));

        Assert.Equal([null, "b", null, null], Names(bench));
    }

    [Fact]
    public void A_slot_of_an_absent_function_is_given_away_only_when_no_other_is_free_and_that_is_told()
    {
        var (_, box) = Start(slots: 2);
        Present(box, "a");

        var (bench, again) = Start(slots: 2);
        Present(bench, again, "c", "d");

        Assert.Equal(["d", "c"], Names(bench));
        Assert.Contains(bench.Events.Events, e => e.Severity == EventSeverity.Warning && e.Text.Contains("slot 1 was kept for a", StringComparison.Ordinal));
    }

    [Fact]
    public void A_slot_can_be_demanded_and_is_refused_when_it_is_taken_or_does_not_exist()
    {
        var (bench, box) = Start();
        box.Present(1, "a", 3, isDemanded: true);
        bench.Settle();
        Assert.Equal([null, null, "a", null], Names(bench));

        box.Controls.Clear();
        box.Present(2, "b", 3, isDemanded: true);
        box.Present(3, "c", 5, isDemanded: true);
        bench.Settle();
        Assert.Equal([null, null, "a", null], Names(bench));
        Assert.Equal(
            [RefusalReason.SlotTaken, RefusalReason.NoSuchSlot],
            box.Controls.Select(m => RefusedMessage.TryParse(m, out var refused) ? refused.Reason : default));

        // What was demanded once is its own from then on.
        var (next, again) = Start();
        again.Present(1, 1, "a");
        next.Settle();
        Assert.Equal([null, null, "a", null], Names(next));
    }

    [Fact]
    public void A_bridge_without_memory_of_its_own_follows_that_of_the_box()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Present(2, "b", 2, isDemanded: false);
        box.Present(1, "a", 1, isDemanded: false);
        box.Present(3, "c", 2, isDemanded: false);
        box.Present(4, "d", 77, isDemanded: false);
        bench.Settle();

        Assert.Equal(["a", "b", "c", "d"], Names(bench));
    }

    [Fact]
    public void A_box_is_asked_about_functions_that_it_does_not_present_and_may_give_their_slots_up()
    {
        var (_, box) = Start();
        Present(box, "a", "b");

        var (bench, again) = Start();
        Assert.Equal(["a", "b"], again.Controls.Select(m => KeepsMessage.TryParse(m, out var keeps) ? keeps.Name : ""));

        again.Forget("a");
        again.Present(7, 1, "c");
        bench.Settle();
        Assert.Equal(["c", null, null, null], Names(bench));
    }

    [Fact]
    public void Boxes_have_functions_of_the_same_name_and_each_its_slot()
    {
        var (bench, first) = Start();
        var second = bench.AddBox(2);
        Present(bench, first, "disk");
        Present(bench, second, "disk");

        var (next, _) = Start();
        var secondAgain = next.AddBox(2);
        Present(next, secondAgain, "disk");
        Assert.Equal([null, "disk", null, null], Names(next));
    }

    [Fact]
    public void A_slot_is_kept_for_no_name_that_a_file_made_up()
    {
        _store.Save([new KeptSlot(1, new MacAddress(0x02_00_00_00_10_01), "no name", true), new KeptSlot(9, new MacAddress(0x02_00_00_00_10_01), "a", true)]);

        var (bench, _) = Start();

        Assert.All(bench.Bridge.Status().Slots, slot => Assert.Null(slot.Kept));
    }

    private static string?[] Names(HostBench bench) => [.. bench.Bridge.Status().Slots.Select(s => s.Function?.Name)];

    private void Present(ScriptedBox box, params string[] names) => Present(_bench!, box, names);

    private static void Present(HostBench bench, ScriptedBox box, params string[] names)
    {
        for (ushort i = 0; i < names.Length; i++)
        {
            box.Present((ushort)(i + 1), 1, names[i]);
            bench.Settle();
        }
    }

    private HostBench? _bench;

    private (HostBench Bench, ScriptedBox Box) Start(int slots = 4)
    {
        _bench = new HostBench(slots, options => options with { SlotStore = _store });
        _bench.SetUpSwitch();
        return (_bench, _bench.AddBox());
    }
}
