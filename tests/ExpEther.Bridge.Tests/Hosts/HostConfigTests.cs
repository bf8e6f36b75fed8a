using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>What an operating system finds when it enumerates the logical switch (PCIe 5.0 §7.3.3).</summary>
public class HostConfigTests
{
    [Fact]
    public void The_switch_is_a_bridge_with_a_hot_plug_port_per_slot_and_nothing_else()
    {
        var bench = new HostBench(slots: 3);
        bench.SetUpSwitch();

        Assert.Equal(0x060400U, bench.ReadConfig(new Rid(1, 0, 0), 8) >> 8);
        for (var slot = 1; slot <= 3; slot++)
        {
            Assert.Equal(0x060400U, bench.ReadConfig(HostBench.PortOf(slot), 8) >> 8);
        }

        Assert.Equal(uint.MaxValue, bench.ReadConfig(HostBench.PortOf(4), 0));
        Assert.Equal(uint.MaxValue, bench.ReadConfig(new Rid(HostBench.SwitchBus, 0, 1), 0));
        Assert.Equal(uint.MaxValue, bench.ReadConfig(new Rid(1, 1, 0), 0));
        Assert.Equal(uint.MaxValue, bench.ReadConfig(HostBench.FunctionIn(1), 0));
        Assert.Equal(uint.MaxValue, bench.ReadConfig(new Rid(99, 0, 0), 0));
    }

    [Fact]
    public void Requests_for_a_plugged_function_go_to_its_box_as_type_0_under_its_number_and_generation()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Answer = HostBench.AnswerConfig;
        box.Present(5, 77);
        bench.Settle();
        bench.WriteSlotControl(1, 0);

        Assert.Equal(0x0010_1B36U, bench.ReadConfig(HostBench.FunctionIn(1), 0));

        var (function, generation, tlp) = Assert.Single(box.Tlps);
        Assert.Equal((5, 77UL), (function, generation));
        var request = HostBench.Parse(tlp);
        Assert.Equal(TlpKind.ConfigRead0, request.Kind);
        Assert.Equal(HostBench.FunctionIn(1), request.ConfigTarget);
        Assert.Equal(HostBench.Cpu, request.Requester);

        Assert.Equal(uint.MaxValue, bench.ReadConfig(new Rid(3, 0, 1), 0));
        Assert.Equal(uint.MaxValue, bench.ReadConfig(new Rid(3, 1, 0), 0));
        Assert.Single(box.Tlps);
    }

    [Fact]
    public void The_box_is_told_where_the_host_sees_the_function()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Answer = HostBench.AnswerConfig;
        box.Present(5, 77);
        bench.Settle();
        bench.WriteSlotControl(1, 0);
        bench.WriteConfig(HostBench.FunctionIn(1), 4, 6);

        Assert.True(PluggedMessage.TryParse(Assert.Single(box.Controls), out var plugged));
        Assert.Equal(new PluggedMessage(5, 77, 1, HostBench.Cpu, HostBench.FunctionIn(1)), plugged);
        Assert.Equal(HostBench.FunctionIn(1), bench.Slot(1).Function!.VfH);
    }

    [Fact]
    public void A_function_is_not_reachable_before_its_slot_has_power()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Present(1, 1);
        bench.Settle();

        Assert.Equal(uint.MaxValue, bench.ReadConfig(HostBench.FunctionIn(1), 0));
        Assert.Empty(box.Tlps);
    }
}
