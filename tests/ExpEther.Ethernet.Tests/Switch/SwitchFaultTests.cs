using ExpEther.Core.Time;
using ExpEther.Ethernet.Switch;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Switch;

public class SwitchFaultTests
{
    private readonly MemorySwitch _fabric = new(new SeededRandom(7));
    private readonly MemoryPort _a;
    private readonly MemoryPort _b;

    public SwitchFaultTests()
    {
        _a = _fabric.AddPort("a");
        _b = _fabric.AddPort("b");
    }

    [Fact]
    public void A_cut_cable_passes_nothing_either_way_until_it_is_mended()
    {
        _a.TrySend(Make(MacB, MacA, Vlan10, "on its way"u8));
        _fabric.Switch.Cut(_b.Number);
        Assert.Null(TryTake(_b));
        _a.TrySend(Make(MacB, MacA, Vlan10, "x"u8));
        _b.TrySend(Make(MacA, MacB, Vlan10, "y"u8));
        Assert.Null(TryTake(_a));
        Assert.Null(TryTake(_b));
        var cut = _fabric.Switch.Snapshot().Ports[_b.Number];
        Assert.True(cut.IsCut);
        Assert.Equal(3, cut.Drops[SwitchDropReason.Cut]);

        _fabric.Switch.Heal(_b.Number);
        _a.TrySend(Make(MacB, MacA, Vlan10, "again"u8));
        _b.TrySend(Make(MacA, MacB, Vlan10, "again"u8));
        Assert.NotNull(TryTake(_a));
        Assert.NotNull(TryTake(_b));
    }

    [Fact]
    public void What_was_learned_behind_a_cut_cable_is_forgotten()
    {
        var c = _fabric.AddPort("c");
        _b.TrySend(Make(MacA, MacB, Vlan10, "x"u8));
        Assert.NotNull(TryTake(_a));
        Assert.NotNull(TryTake(c));
        _fabric.Switch.Cut(_b.Number);
        _a.TrySend(Make(MacB, MacA, Vlan10, "where are you"u8));
        Assert.NotNull(TryTake(c));
    }

    [Fact]
    public void The_next_frames_are_lost_on_demand()
    {
        _fabric.Switch.DropNext(_b.Number, 2);
        foreach (var text in new[] { "1", "2", "3" })
        {
            _a.TrySend(Make(MacB, MacA, Vlan10, System.Text.Encoding.ASCII.GetBytes(text)));
        }

        Assert.Equal("3"u8.ToArray(), TryTake(_b)?.Payload);
        Assert.Null(TryTake(_b));
        Assert.Equal(2, _fabric.Switch.Snapshot().Ports[_b.Number].Drops[SwitchDropReason.Fault]);
    }

    [Fact]
    public void Drops_by_probability_follow_the_seed_and_the_probability()
    {
        static List<int> Survivors(ulong seed)
        {
            var fabric = new MemorySwitch(new SeededRandom(seed));
            var (a, b) = (fabric.AddPort("a"), fabric.AddPort("b"));
            fabric.Switch.SetDrop(a.Number, 0.3);
            List<int> arrived = [];
            for (var i = 0; i < 2000; i++)
            {
                a.TrySend(Make(MacB, MacA, Vlan10, BitConverter.GetBytes(i)));
                if (TryTake(b) is { } frame)
                {
                    arrived.Add(BitConverter.ToInt32(frame.Payload));
                }
            }

            return arrived;
        }

        var first = Survivors(11);
        Assert.Equal(first, Survivors(11));
        Assert.NotEqual(first, Survivors(12));

        // 1400 expected; six standard deviations are 123.
        Assert.InRange(first.Count, 1277, 1523);
    }

    [Fact]
    public void A_delay_holds_frames_for_the_sum_of_both_cables()
    {
        _fabric.Switch.SetDelay(_a.Number, TimeSpan.FromMilliseconds(2));
        _fabric.Switch.SetDelay(_b.Number, TimeSpan.FromMilliseconds(3));
        _a.TrySend(Make(MacB, MacA, Vlan10, "late"u8));
        var due = Instant.Zero + TimeSpan.FromMilliseconds(5);
        Assert.Equal(due, _fabric.NextDeadline);
        _fabric.Advance(new Instant(due.Nanoseconds - 1));
        Assert.Null(TryTake(_b));
        _fabric.Advance(due);
        Assert.Equal("late"u8.ToArray(), TryTake(_b)?.Payload);
        Assert.Null(_fabric.NextDeadline);
    }

    [Fact]
    public void A_slow_cable_does_not_hold_up_the_frames_of_a_fast_one()
    {
        var c = _fabric.AddPort("c");
        _fabric.Switch.SetDelay(_a.Number, TimeSpan.FromMilliseconds(10));
        _a.TrySend(Make(MacC, MacA, Vlan10, "slow 1"u8));
        _a.TrySend(Make(MacC, MacA, Vlan10, "slow 2"u8));
        _b.TrySend(Make(MacC, MacB, Vlan10, "fast"u8));
        Assert.Equal("fast"u8.ToArray(), TryTake(c)?.Payload);
        Assert.Null(TryTake(c));
        _fabric.Advance(Instant.Zero + TimeSpan.FromMilliseconds(10));
        Assert.Equal("slow 1"u8.ToArray(), TryTake(c)?.Payload);
        Assert.Equal("slow 2"u8.ToArray(), TryTake(c)?.Payload);
    }

    [Fact]
    public void A_frame_in_hand_is_not_disturbed_by_those_that_come_meanwhile()
    {
        _a.TrySend(Make(MacB, MacA, Vlan10, "held"u8));
        Assert.True(_b.TryReceive(out var held));
        for (var i = 0; i < 10; i++)
        {
            _a.TrySend(Make(MacB, MacA, Vlan10, "after"u8));
        }

        Assert.Equal("held"u8.ToArray(), held.Payload.ToArray());
        _b.Release();
        Assert.Equal("after"u8.ToArray(), TryTake(_b)?.Payload);
    }
}
