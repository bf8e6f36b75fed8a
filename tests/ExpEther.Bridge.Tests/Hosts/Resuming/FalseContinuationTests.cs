using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Protocol;
using ExpEther.Link;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts.Resuming;

/// <summary>
/// A box that went away and is back, with the key and with anything to say: only the very function that its host had goes on in its slot and is given what the
/// host had written. Every other is a removal and, where there is room, a new function.
/// </summary>
public class FalseContinuationTests
{
    private const ulong Generation = 7;
    private const uint PresenceDetectChanged = 1 << 19;
    private const uint PresenceDetectState = 1 << 22;

    private static readonly ResumeOffer Offer = new(Generation, 0x1234, 0x2000, 2, 0x80, 0x40, 0, 0, false);

    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;

    public FalseContinuationTests()
    {
        _bench.SetUpSwitch();
        _box = _bench.AddBox();
        _box.Answer = HostBench.AnswerConfig;
        _box.Present(Presented(Generation, Offer));
        _bench.Settle();
        _bench.WriteSlotControl(1, 0);
        _bench.WriteConfig(HostBench.FunctionIn(1), ConfigRegister.Command, 0x6);
        _bench.WriteSlotControl(1, 0);
        _box.Link.Close(LinkDownReason.Closed, _bench.Now);
        _bench.Settle();
        Assert.Equal(PresenceDetectState, _bench.ReadSlot(1) & (PresenceDetectState | PresenceDetectChanged));
        Reopen(_box);
    }

    [Fact]
    public void The_same_function_goes_on_and_has_what_was_written()
    {
        _box.Present(Presented(Generation + 1, Offer));
        _bench.Settle();

        AssertContinued(Generation + 1);
    }

    [Fact]
    public void Presented_twice_it_goes_on_once()
    {
        _box.Present(Presented(Generation + 1, Offer));
        _box.Present(Presented(Generation + 1, Offer));
        _bench.Settle();

        AssertContinued(Generation + 1);
        Assert.Null(_bench.Slot(2).Function);
    }

    public static TheoryData<string> Lies => [.. Lying.Keys];

    /// <summary>What differs from the function that the host had.</summary>
    private static Dictionary<string, Func<PresentMessage, PresentMessage>> Lying { get; } = new()
    {
        ["other contents"] = p => p with { Resume = Offer with { Identity = 0x1235 } },
        ["another owner in between"] = p => p with { Resume = Offer with { Since = Generation + 1 } },
        ["the assignment that it had"] = p => p with { Generation = Generation },
        ["an older assignment"] = p => p with { Generation = Generation - 1, Resume = Offer with { Since = 1 } },
        ["another table"] = p => p with { Resume = Offer with { MsixVectors = 3 } },
        ["another BAR"] = p => p with { Resume = Offer with { MsixBar = 2 } },
        ["another device"] = p => p with { DeviceId = 0x11 },
        ["another class"] = p => p with { ClassCode = 0x020000 },
        ["another revision"] = p => p with { Revision = 2 },
        ["no offer"] = p => p with { Resume = null },
        ["an offer that no configuration space has"] = p => p with { Resume = Offer with { MsixBar = 6 } },
        ["a table between two of its words"] = p => p with { Resume = Offer with { MsixTable = 0x2004 } },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void Another_function_is_a_removal_and_gets_nothing_of_what_was_written(string lie)
    {
        _box.Present(Lying[lie](Presented(Generation + 1, Offer)));
        _bench.Settle();

        AssertNotContinued();
    }

    [Fact]
    public void Under_another_name_it_is_another_and_the_slot_waits_for_its_own()
    {
        _box.Present(Presented(Generation + 1, Offer) with { Name = "other" });
        _bench.Settle();

        Assert.Equal((Generation, "other"), (_bench.Slot(1).Function!.Generation, _bench.Slot(2).Function!.Name));
        AssertNothingWritten(_box);
        _box.Present(Presented(Generation + 2, Offer) with { Function = 2 });
        _bench.Settle();
        AssertContinued(Generation + 2);
    }

    [Fact]
    public void Another_box_that_presents_it_does_not_get_the_slot()
    {
        var other = _bench.AddBox(2);
        other.Answer = HostBench.AnswerConfig;
        other.Present(Presented(Generation + 1, Offer));
        _bench.Settle();

        Assert.Equal((_box.Mac, other.Mac), (_bench.Slot(1).Function!.Box, _bench.Slot(2).Function!.Box));
        AssertNothingWritten(other);
        _box.Present(Presented(Generation + 1, Offer));
        _bench.Settle();
        AssertContinued(Generation + 1);
    }

    [Fact]
    public void After_the_slot_was_given_up_it_is_a_new_function()
    {
        _bench.Pass(HostBridgeLimits.ResumeTimeMax);
        Assert.Null(_bench.Slot(1).Function);

        _box.Present(Presented(Generation + 1, Offer));
        _bench.Settle();

        AssertNotContinued();
        Assert.Equal(Generation + 1, _bench.Slot(1).Function!.Generation);
    }

    [Fact]
    public void A_function_that_refuses_what_is_given_back_is_removed()
    {
        _box.Answer = request => HostBench.Make(into => Completion.To(
            HostBench.Parse(request), HostBench.FunctionIn(1), CompletionStatus.UnsupportedRequest).Write(into));
        _box.Present(Presented(Generation + 1, Offer));
        _bench.Settle();

        Assert.NotEqual(0u, _bench.ReadSlot(1) & PresenceDetectChanged);
        Assert.Null(_bench.Slot(1).Function);
    }

    private static PresentMessage Presented(ulong generation, ResumeOffer offer) =>
        new(1, generation, "disk", 0x1B36, 0x10, 0x010802, 1) { Resume = offer };

    private void Reopen(ScriptedBox box)
    {
        box.Link.Open(_bench.Now);
        _bench.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(LinkState.Up, box.Link.State);
        box.Tlps.Clear();
        box.Controls.Clear();
    }

    private void AssertContinued(ulong generation)
    {
        Assert.Equal(generation, _bench.Slot(1).Function!.Generation);
        Assert.Equal(PresenceDetectState, _bench.ReadSlot(1) & (PresenceDetectState | PresenceDetectChanged));
        Assert.Contains(Writes(_box), w => w.ConfigRegister == ConfigRegister.Command && (w.ConfigValue & 0x6) == 0x6);
        Assert.Single(_box.Controls, c => ResumedMessage.TryParse(c, out _));
    }

    private void AssertNotContinued()
    {
        Assert.NotEqual(0u, _bench.ReadSlot(1) & PresenceDetectChanged);
        AssertNothingWritten(_box);
    }

    private static void AssertNothingWritten(ScriptedBox box)
    {
        Assert.Empty(Writes(box));
        Assert.DoesNotContain(box.Controls, c => ResumedMessage.TryParse(c, out _));
    }

    private static List<(int ConfigRegister, uint ConfigValue)> Writes(ScriptedBox box) =>
    [
        .. box.Tlps.Select(t => t.Tlp).Where(t => HostBench.Parse(t).Kind == TlpKind.ConfigWrite0)
            .Select(t => (HostBench.Parse(t).ConfigRegister, HostBench.Parse(t).ConfigValue)),
    ];
}
