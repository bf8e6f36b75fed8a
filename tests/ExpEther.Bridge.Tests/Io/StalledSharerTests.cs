using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Tests.Io.Rig;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>A host that takes nothing any more, while others share its device: one with flow control for each function, and one without.</summary>
public sealed class StalledSharerTests
{
    private const ulong HostMemory = SharedOdd.HostMemory;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stalled_host_stalls_nobody_else(bool hasFlowControl)
    {
        var shared = new SharedOdd(new OddSrIov(hasFlowControl: hasFlowControl));
        var (rig, odd) = (shared.Rig, shared.Odd);
        rig.Hosts[0].IsCut = true;
        odd.Vf(1).WriteToHost(HostMemory, 20_000);
        odd.Vf(2).WriteToHost(HostMemory, 5_000);
        odd.Vf(3).WriteToHost(HostMemory, 5_000);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 5_000 && rig.Hosts[2].Tlps.Count == 5_000);
        var stalled = rig.StatusOf("odd0.vf1");
        if (hasFlowControl)
        {
            Assert.Equal((FunctionState.Presented, 0L), (stalled.State, stalled.Counters.Fenced));
            Assert.True(odd.Vf(1).Waiting > 15_000, $"{odd.Vf(1).Waiting} wait in the device");
            rig.Hosts[0].IsCut = false;
            rig.Run(() => rig.Hosts[0].Tlps.Count == 20_000);
            return;
        }

        // It had to be taken from its owner, said so, and is shown to it again.
        rig.Run(() => rig.StatusOf("odd0.vf1").Counters.Fenced == 1);
        Assert.Contains(rig.Events.Lines, l => l.Contains("odd0.vf1: host host1 takes nothing of what it sends", StringComparison.Ordinal));
        rig.Hosts[0].IsCut = false;
        rig.Run(() => rig.Hosts[0].Presents == 2, 30);
        Assert.Equal(("host1", 2), (rig.StatusOf("odd0.vf1").Owner, odd.Vf(1).FunctionLevelResets));
        Assert.Equal((0, 1, 1), (odd.FundamentalResets, odd.Vf(2).FunctionLevelResets, odd.Vf(3).FunctionLevelResets));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_bridge_takes_a_function_from_a_stalled_host_while_others_work(bool hasFlowControl)
    {
        var shared = new SharedOdd(new OddSrIov(hasFlowControl: hasFlowControl));
        var (rig, odd) = (shared.Rig, shared.Odd);
        rig.Hosts[0].IsCut = true;
        odd.Vf(1).WriteToHost(HostMemory, 20_000);
        rig.RunFor(TimeSpan.FromMilliseconds(50));
        odd.Vf(2).WriteToHost(HostMemory, 5_000);
        Assert.True(rig.Await(rig.Bridge.DetachAsync("odd0.vf3", force: true)).Ok);
        var result = rig.Await(rig.Bridge.MoveAsync("odd0.vf1", "host3", force: true), 5);
        Assert.True(result.Ok, result.Message);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 5_000);
        Assert.Equal(0, odd.Vf(1).Waiting);
    }

    [Fact]
    public void A_device_without_flow_control_waits_when_all_its_hosts_do()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        Assert.True(rig.Await(rig.Bridge.DetachAsync("odd0.vf3", force: true)).Ok);
        rig.Hosts[0].IsCut = true;
        rig.Hosts[1].IsCut = true;
        odd.Vf(1).WriteToHost(HostMemory, 20_000);
        odd.Vf(2).WriteToHost(HostMemory, 20_000);
        rig.RunFor(TimeSpan.FromSeconds(3));
        rig.Hosts[0].IsCut = false;
        rig.Hosts[1].IsCut = false;
        rig.Run(() => rig.Hosts[0].Tlps.Count == 20_000 && rig.Hosts[1].Tlps.Count == 20_000, 60);
        Assert.Equal((0L, 0L), (rig.StatusOf("odd0.vf1").Counters.Fenced, rig.StatusOf("odd0.vf2").Counters.Fenced));
    }
}
