using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Protocol;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>The rules by which a slot is chosen, each where another one would choose another.</summary>
public class KeptSlotRuleTests
{
    private static readonly MacAddress Box = new(0x02_00_00_00_02_00);

    private readonly MemorySlotStore _store = new();

    [Fact]
    public void A_file_that_names_a_function_twice_keeps_one_slot_for_it()
    {
        _store.Save([new KeptSlot(1, Box, "a", true), new KeptSlot(2, Box, "a", true)]);

        var kept = new KeptSlots(3, _store);

        Assert.Equal([1], kept.All.Select(k => k.Slot));
        Assert.Equal(2, Choose(kept, "b", isEmpty: slot => slot != 1));
    }

    [Fact]
    public void A_function_that_gets_another_slot_loses_its_former_one()
    {
        var kept = new KeptSlots(3, _store);
        kept.Keep(1, Box, "a");
        kept.Keep(3, Box, "a");

        Assert.Equal([3], kept.All.Select(k => k.Slot));
        Assert.Equal(1, Choose(kept, "b", isEmpty: slot => slot != 3));
        Assert.Equal([3], _store.Slots.Select(k => k.Slot));
    }

    [Fact]
    public void What_a_box_remembers_does_not_take_the_slot_of_a_function_that_is_expected()
    {
        var kept = new KeptSlots(3, _store);
        kept.Keep(2, Box, "a");

        Assert.Equal(1, Choose(kept, "b", remembered: 2));
        kept.Forget(Box, "a");
        Assert.Equal(2, Choose(kept, "b", remembered: 2));
        Assert.False(Assert.Single(_store.Slots).IsExpected);
    }

    private static int? Choose(KeptSlots kept, string function, ushort remembered = 0, Func<int, bool>? isEmpty = null) =>
        kept.Choose(Box, new PresentMessage(1, 1, function, 0, 0, 0, 0) { Slot = remembered }, isEmpty ?? (_ => true), _ => true);
}
