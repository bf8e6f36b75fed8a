using CsCheck;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.HotPlug;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.RootComplex.Tests;

public class HotPlugTests
{
    private readonly TestSwitch _switch = new(2);
    private readonly TestHost _host;
    private readonly RecordingDriver _driver = new();

    public HotPlugTests()
    {
        _host = new TestHost(_switch);
        _host.Root.AddDriver(_driver);
        _host.Run(_host.Root.EnumerateAsync);
    }

    private enum Act
    {
        Plug,
        Pull,
        Press,
        FlickerLink,
        FlickerPresence,
        Wait,
        WaitLong,
    }

    [Fact]
    public void Plugging_powers_on_waits_for_the_link_and_binds()
    {
        _switch.Plug(0, new TestEndpoint());

        _host.Pass(TimeSpan.FromMilliseconds(50));
        Assert.True(_switch.Slot(0).PowerOn);
        Assert.Equal(IndicatorState.Blink, _switch.Slot(0).PowerIndicator);
        Assert.Empty(_driver.Started);

        _host.Pass(TimeSpan.FromMilliseconds(60));
        Assert.Equal(["03:00.0"], _driver.Started);
        Assert.Equal(IndicatorState.On, _switch.Slot(0).PowerIndicator);
        Assert.Equal(SlotState.On, StateOf(0));
    }

    [Fact]
    public void The_attention_button_unbinds_after_the_delay_and_powers_off()
    {
        Plugged(0);

        _switch.Slot(0).PressAttentionButton();
        _host.Pass(TimeSpan.FromMilliseconds(4900));
        Assert.Equal(IndicatorState.Blink, _switch.Slot(0).PowerIndicator);
        Assert.Empty(_driver.Stopped);

        _host.Pass(TimeSpan.FromMilliseconds(200));
        Assert.Equal([("03:00.0", false)], _driver.Stopped);
        Assert.False(_switch.Slot(0).PowerOn);
        Assert.Equal(IndicatorState.Off, _switch.Slot(0).PowerIndicator);
        Assert.Empty(_host.Root.Functions);
    }

    [Fact]
    public void A_card_that_was_let_go_and_stays_in_the_slot_stays_off_until_the_button_is_pressed()
    {
        Plugged(0);
        _switch.Slot(0).PressAttentionButton();
        _host.Pass(TimeSpan.FromSeconds(30));
        Assert.Equal(SlotState.Off, StateOf(0));

        _switch.Slot(0).PressAttentionButton();
        _host.Pass(TimeSpan.FromSeconds(8));

        Assert.Equal(SlotState.On, StateOf(0));
    }

    [Fact]
    public void A_second_press_within_the_delay_cancels()
    {
        Plugged(0);

        _switch.Slot(0).PressAttentionButton();
        _host.Pass(TimeSpan.FromSeconds(2));
        _switch.Slot(0).PressAttentionButton();
        _host.Pass(TimeSpan.FromSeconds(20));

        Assert.Equal(SlotState.On, StateOf(0));
        Assert.Equal(IndicatorState.On, _switch.Slot(0).PowerIndicator);
        Assert.Empty(_driver.Stopped);
    }

    [Fact]
    public void Pulling_a_card_tells_its_function_at_once_and_frees_the_slot()
    {
        Plugged(0);
        var function = _host.Root.Functions[0];

        _switch.Pull(0);
        _host.Settle();

        Assert.False(function.IsPresent);
        _host.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal([("03:00.0", true)], _driver.Stopped);
        Assert.Equal(SlotState.Off, StateOf(0));
        Plugged(0);
        Assert.Equal(["03:00.0", "03:00.0"], _driver.Started);
    }

    [Fact]
    public void A_link_that_drops_and_returns_means_another_life_of_the_card()
    {
        Plugged(0);
        var first = _host.Root.Functions[0];

        _switch.Slot(0).SetDataLinkActive(false);
        _switch.Slot(0).SetDataLinkActive(true);
        _host.Pass(TimeSpan.FromSeconds(5));

        Assert.False(first.IsPresent);
        Assert.Equal(["03:00.0", "03:00.0"], _driver.Started);
        Assert.True(Assert.Single(_host.Root.Functions).IsPresent);
    }

    [Fact]
    public void A_card_whose_link_stays_down_is_powered_off_with_the_attention_indicator_on()
    {
        _switch.DeadLinks = true;
        _switch.Plug(0, new TestEndpoint());

        _host.Pass(TimeSpan.FromSeconds(10));

        Assert.False(_switch.Slot(0).PowerOn);
        Assert.Equal(IndicatorState.On, _switch.Slot(0).AttentionIndicator);
        Assert.Equal(SlotState.Off, StateOf(0));
    }

    [Fact]
    public void A_card_that_never_answers_is_powered_off()
    {
        _switch.Plug(0, new TestEndpoint { Silent = true });

        _host.Pass(TimeSpan.FromSeconds(20));

        Assert.Equal(SlotState.Off, StateOf(0));
        Assert.Contains(_host.Events.Texts, text => text.Contains("does not answer", StringComparison.Ordinal));
    }

    [Fact]
    public void A_card_present_before_the_host_starts_is_found()
    {
        var fabric = new TestSwitch(1);
        fabric.Plug(0, new TestEndpoint());
        var host = new TestHost(fabric);

        host.Run(host.Root.EnumerateAsync);
        host.Pass(TimeSpan.FromSeconds(3));

        Assert.Single(host.Root.Functions);
    }

    [Fact]
    public void A_new_card_in_a_slot_that_just_powered_off_is_taken_into_use()
    {
        Plugged(0);
        _switch.PressAndWithdraw(0);
        _host.Pass(TimeSpan.FromMilliseconds(5100));
        Assert.Equal(SlotState.PoweringOff, StateOf(0));

        _switch.Plug(0, new TestEndpoint());
        _host.Pass(TimeSpan.FromSeconds(5));

        Assert.Equal(SlotState.On, StateOf(0));
        Assert.Single(_host.Root.Functions);
    }

    [Fact]
    public void Events_in_any_order_end_in_the_state_that_fits_the_slot()
    {
        Gen.Select(Gen.Int[0, 1], Gen.Enum<Act>()).List[1, 40].Sample(
            acts =>
            {
                var test = new HotPlugTests();
                foreach (var (slot, act) in acts)
                {
                    test.Do(slot, act);
                }

                test._host.Pass(TimeSpan.FromSeconds(30));
                for (var slot = 0; slot < 2; slot++)
                {
                    // A card that was let go in order is withdrawn, so that whatever is still plugged must be in use.
                    Assert.Equal(test._switch.Card(slot) is null ? SlotState.Off : SlotState.On, test.StateOf(slot));
                }

                var present = Enumerable.Range(0, 2).Count(slot => test._switch.Card(slot) is not null);
                Assert.Equal(present, test._host.Root.Functions.Count(f => f.IsPresent));
                Assert.Equal(present, test._host.Root.Functions.Count);
                Assert.Equal(present, test._driver.Started.Count - test._driver.Stopped.Count);
            },
            iter: 400, threads: 1);
    }

    private void Do(int slot, Act act)
    {
        switch (act)
        {
            case Act.Plug when _switch.Card(slot) is null:
                _switch.Plug(slot, new TestEndpoint());
                break;
            case Act.Pull when _switch.Card(slot) is not null:
                _switch.Pull(slot);
                break;
            case Act.Press:
                _switch.PressAndWithdraw(slot);
                break;
            case Act.FlickerLink when _switch.Slot(slot).DataLinkActive:
                _switch.Slot(slot).SetDataLinkActive(false);
                _switch.Slot(slot).SetDataLinkActive(true);
                break;
            case Act.FlickerPresence when _switch.Card(slot) is { } card:
                _switch.Pull(slot);
                _switch.Plug(slot, card);
                break;
            case Act.Wait:
                _host.Pass(TimeSpan.FromMilliseconds(37));
                break;
            case Act.WaitLong:
                _host.Pass(TimeSpan.FromMilliseconds(1700));
                break;
        }
    }

    private SlotState StateOf(int slot) => _host.Root.SlotOf(_switch.PortOf(slot).Rid)!.State;

    private void Plugged(int slot)
    {
        _switch.Plug(slot, new TestEndpoint());
        _host.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(SlotState.On, StateOf(slot));
    }

    private sealed class RecordingDriver : IFunctionDriver
    {
        public List<string> Started { get; } = [];

        public List<(string Rid, bool Surprise)> Stopped { get; } = [];

        public bool Matches(PciFunction function) => true;

        public Task<bool> StartAsync(PciFunction function)
        {
            Started.Add(function.Rid.ToString());
            return Task.FromResult(true);
        }

        public Task StopAsync(PciFunction function, bool surprise)
        {
            Stopped.Add((function.Rid.ToString(), surprise));
            return Task.CompletedTask;
        }
    }
}
