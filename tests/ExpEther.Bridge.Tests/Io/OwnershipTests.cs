using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>Who owns what is kept, takes effect only when it is, and is never in doubt.</summary>
public sealed class OwnershipTests
{
    [Fact]
    public void Nothing_takes_effect_before_it_is_durable()
    {
        var rig = new IoRig().Start();
        rig.Store.HoldsBack = true;
        var attach = rig.Bridge.AttachAsync("nvme0", "host1");
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, rig.Host.Presents);
        Assert.False(attach.IsCompleted);
        rig.Store.HoldsBack = false;
        Assert.True(rig.Await(attach).Ok);
        Assert.Equal(rig.Host.LastPresent.Generation, Assert.Single(rig.Store.Durable!.Owners).Generation);
    }

    [Fact]
    public void A_disk_that_does_not_take_the_record_refuses_the_command()
    {
        var rig = new IoRig().Start();
        rig.Store.HoldsBack = true;
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host1"));
        Assert.Equal(RefusalCode.NotRecorded, result.Code);
        Assert.Equal(0, rig.Host.Presents);

        // It does not happen behind the user's back when the disk is well again; it happens when asked for.
        rig.Store.HoldsBack = false;
        rig.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal((0, null), (rig.Host.Presents, rig.Status.Owner));
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
    }

    [Theory]
    [InlineData("detach", false)]
    [InlineData("detach", true)]
    [InlineData("move", false)]
    [InlineData("move", true)]
    [InlineData("attach", true)]
    public void A_command_whose_record_the_disk_does_not_take_leaves_the_function_with_its_owner(string command, bool force)
    {
        var rig = new IoRig(2).StartAndPlug();
        var generation = rig.Status.Generation;
        rig.Store.HoldsBack = true;
        var result = rig.Await(command switch
        {
            "detach" => rig.Bridge.DetachAsync("nvme0", force),
            "move" => rig.Bridge.MoveAsync("nvme0", "host2", force),
            _ => rig.Bridge.AttachAsync("nvme0", "host2", force),
        });
        Assert.Equal((false, RefusalCode.NotRecorded), (result.Ok, result.Code));
        Assert.Contains("stays as it was", result.Message, StringComparison.Ordinal);
        Assert.Equal((FunctionState.Presented, "host1", generation), (rig.Status.State, rig.Status.Owner, rig.Status.Generation));
        Assert.Equal((0, 0, 0), (rig.Host.Presses, rig.Host.Withdrawals, rig.Hosts[1].Presents));
        Assert.Contains("durable", rig.Bridge.Status().Trouble, StringComparison.Ordinal);

        // The disk is well again: the trouble is over, and the command works.
        rig.Store.HoldsBack = false;
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal("", rig.Bridge.Status().Trouble);
        Assert.True(rig.Await(rig.Bridge.MoveAsync("nvme0", "host2")).Ok);
        Assert.Equal((1, 1, "host2"), (rig.Host.Presses, rig.Hosts[1].Presents, rig.Status.Owner));
    }

    [Fact]
    public void A_disk_that_fails_under_way_gives_the_function_back_to_its_owner()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Host.IsWilling = false;
        var detach = rig.Bridge.DetachAsync("nvme0");
        rig.Run(() => rig.Host.Presses == 1);
        rig.Store.HoldsBack = true;
        Assert.Equal(RefusalCode.NotRecorded, rig.Await(detach).Code);
        Assert.Equal("host1", rig.Status.Owner);
        rig.Store.HoldsBack = false;
        rig.Run(() => rig.Host.Presents == 2, 60);
        Assert.Equal((FunctionState.Presented, "host1"), (rig.Status.State, rig.Status.Owner));
    }

    [Fact]
    public void A_disk_that_fails_does_not_cost_an_owner_its_function()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Store.HoldsBack = true;
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Host.Link.Open(rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal((1, "host1"), (rig.Host.Presents, rig.Status.Owner));
        rig.Store.HoldsBack = false;
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => rig.Host.Presents == 2, 60);
    }

    [Fact]
    public void A_box_that_restarts_gives_functions_back_to_their_owners_under_new_generations()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme1", rig.Hosts[1]);
        var before = rig.Hosts[1].LastPresent.Generation;
        rig.RestartBridge();
        rig.Run(() => rig.Hosts[1].Presents == 2, 60);
        Assert.True(rig.Hosts[1].LastPresent.Generation > before);
        Assert.Equal(before >> 21, rig.Hosts[1].LastPresent.Generation >> 21);
        Assert.Equal("nvme1", rig.Hosts[1].LastPresent.Name);
        Assert.Equal(0, rig.Hosts[0].Presents);
        Assert.Equal(("host2", null), (rig.StatusOf("nvme1").Owner, rig.StatusOf("nvme0").Owner));
    }

    [Fact]
    public void A_crash_before_the_record_leaves_the_old_owner()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Store.HoldsBack = true;
        _ = rig.Bridge.MoveAsync("nvme0", "host2");
        rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, rig.Hosts[1].Presents);
        rig.Store.LosePower();
        rig.RestartBridge();
        rig.Run(() => rig.Host.Presents == 2, 60);
        Assert.Equal("host1", rig.Status.Owner);
        Assert.Equal(0, rig.Hosts[1].Presents);
    }

    [Fact]
    public void Lost_state_begins_a_new_incarnation()
    {
        var one = new IoRig(seed: 1).StartAndPlug();
        var two = new IoRig(seed: 2).StartAndPlug();
        Assert.NotEqual(one.Host.LastPresent.Generation >> 21, two.Host.LastPresent.Generation >> 21);
    }

    [Theory]
    [InlineData((1u << 21) - 1)]
    [InlineData(uint.MaxValue)]
    public void A_used_up_counter_begins_a_new_incarnation_that_still_fits_a_double(uint counter)
    {
        var rig = new IoRig();
        rig.Store.Save(new OwnershipImage(1, uint.MaxValue, counter, []));
        rig.Start();
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
        var generation = rig.Host.LastPresent.Generation;
        Assert.NotEqual(uint.MaxValue, generation >> 21);
        Assert.Equal(1ul, generation & ((1ul << 21) - 1));
        Assert.Equal(generation >> 21, rig.Store.Durable!.Incarnation);
        Assert.Equal(1u, rig.Store.Durable.Counter);
    }

    [Fact]
    public void Every_generation_is_exact_as_a_double()
    {
        var rig = new IoRig();
        rig.Store.Save(new OwnershipImage(1, uint.MaxValue, (1u << 21) - 2, []));
        rig.Start();
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
        var generation = rig.Host.LastPresent.Generation;
        Assert.Equal((1ul << 53) - 1, generation);
        Assert.Equal(generation, (ulong)(double)generation);
    }

    [Fact]
    public void No_generation_is_given_twice_over_restarts()
    {
        var rig = new IoRig().Start();
        var seen = new HashSet<ulong>();
        for (var i = 0; i < 5; i++)
        {
            Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
            Assert.True(seen.Add(rig.Host.LastPresent.Generation));
            Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
            rig.RestartBridge((ulong)(50 + i));
            rig.Run(() => rig.Bridge.Status() is { Functions.Count: 1, Hosts: [{ Linked: true }] }, 60);
        }
    }

    [Fact]
    public void Strangers_that_announce_themselves_are_listed_and_no_more()
    {
        var rig = new IoRig().Start();
        var frame = new byte[256];
        for (var i = 0; i < 100; i++)
        {
            var length = new Announcement(
                new MacAddress(0x02_00_00_00_09_00 + (ulong)i), new VlanId(40), $"stranger{i}", LinkFeatures.None, 4, true).Write(frame);
            rig.DeliverToBridge(frame.AsSpan(0, length));
            rig.RunFor(TimeSpan.FromMilliseconds(1));
        }

        var discovered = rig.Bridge.Status().Discovered;
        Assert.Equal(64, discovered.Count);
        Assert.Contains(discovered, d => d.Name == "stranger0" && d.Vlan.Value == 40);
        Assert.DoesNotContain(discovered, d => d.Name == "stranger99");
        Assert.Equal(RefusalCode.NoSuchHost, rig.Await(rig.Bridge.AttachAsync("nvme0", "stranger99")).Code);
    }

    [Fact]
    public void Frames_in_the_wrong_VLAN_from_the_wrong_MAC_or_for_another_station_are_dropped_and_counted()
    {
        var rig = new IoRig().StartAndPlug();
        var before = rig.Bridge.Status().Counters.FramesNotOurs;
        rig.Bridge.OnFrame(new ReceivedFrame(IoRig.BoxMac, IoRig.HostMac(0), new VlanId(99), new byte[64]), rig.Now);
        rig.Bridge.OnFrame(new ReceivedFrame(IoRig.BoxMac, IoRig.HostMac(7), new VlanId(11), new byte[64]), rig.Now);
        rig.Bridge.OnFrame(new ReceivedFrame(IoRig.HostMac(3), IoRig.HostMac(0), new VlanId(11), new byte[64]), rig.Now);
        Assert.Equal(before + 3, rig.Bridge.Status().Counters.FramesNotOurs);
    }

    [Fact]
    public void Hosts_in_one_VLAN_are_told_apart_by_their_MACs()
    {
        var rig = new IoRig(2, sameVlan: true).StartAndPlug();
        var result = rig.Await(rig.Bridge.MoveAsync("nvme0", "host2"));
        Assert.True(result.Ok, result.Message);
        Assert.Equal(result.VlanBefore, result.VlanAfter);
        Assert.Equal((1, 1), (rig.Hosts[0].Presents, rig.Hosts[1].Presents));
        Assert.Equal("host2", rig.Status.Owner);
    }

    [Fact]
    public void A_host_that_announces_itself_while_the_box_still_looks_for_its_devices_is_shown_its_functions_all_the_same()
    {
        var rig = new IoRig().StartAndPlug();
        rig.RestartBridge();
        var frame = new byte[2048];
        var length = new Announcement(rig.Host.Mac, rig.Host.Vlan, rig.Host.Name, LinkFeatures.None, 4, WantsSeal: true).Write(frame);
        rig.DeliverToBridge(frame.AsSpan(0, length));

        rig.Run(() => rig.Bridge.Status().Functions is [{ State: FunctionState.Presented }], 60);

        Assert.Equal(rig.Host.Name, rig.Status.Owner);
    }
}
