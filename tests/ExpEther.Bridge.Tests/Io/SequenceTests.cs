using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Protocol;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Link;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>attach, detach, move, and what happens when nobody asked.</summary>
public sealed class SequenceTests
{
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    [Fact]
    public void Attach_presents_the_function_to_its_host_alone()
    {
        var rig = new IoRig(2).Start();
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host2"));
        Assert.True(result.Ok, result.Message);
        Assert.Equal((null, "host2", (ushort)12), (result.From, result.To, result.VlanAfter.Value));
        var present = rig.Hosts[1].LastPresent;
        Assert.Equal(("nvme0", (ushort)0x1AF4, (ushort)0x4242, 0x010802, (byte)3),
            (present.Name, present.VendorId, present.DeviceId, present.ClassCode, present.Revision));
        Assert.Equal(result.Generation, present.Generation);
        Assert.Equal(0, rig.Hosts[0].Presents);
        Assert.Equal(
            [BridgeStepName.Started, BridgeStepName.Drained, BridgeStepName.Reset, BridgeStepName.Recorded, BridgeStepName.Presented,
                BridgeStepName.Plugged, BridgeStepName.Done],
            result.Steps.Select(s => s.Name));
        Assert.True(rig.Device.FunctionLevelResets > 0);
        Assert.Equal(("host2", FunctionState.Presented, 1), (rig.Status.Owner, rig.Status.State, rig.Status.Slot));
    }

    [Fact]
    public void Detach_asks_the_host_resets_the_device_and_leaves_no_trace()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.Memory(0)[0] = 0xEE;
        var result = rig.Await(rig.Bridge.DetachAsync("nvme0"));
        Assert.True(result.Ok, result.Message);
        Assert.Equal((1, 0), (rig.Host.Presses, rig.Host.Withdrawals));
        Assert.Contains(result.Steps, s => s.Name == BridgeStepName.PoweredOff);
        Assert.DoesNotContain(result.Steps, s => s.Name == BridgeStepName.Fenced);
        Assert.Equal(0, rig.Device.Memory(0)[0]);
        Assert.False(rig.Device.Config.BusMasterEnable);
        Assert.Equal((null, FunctionState.Idle), (rig.Status.Owner, rig.Status.State));
        Assert.Empty(rig.Store.Durable!.Owners);
    }

    [Fact]
    public void Move_changes_owner_generation_and_VLAN_and_tells_its_time_line()
    {
        var rig = new IoRig(2).StartAndPlug();
        var before = rig.Status.Generation;
        var seen = new List<string>();
        rig.VlansSent.Clear();
        var result = rig.Await(rig.Bridge.MoveAsync("nvme0", "host2", progress: s => seen.Add(s.Name)));
        Assert.True(result.Ok, result.Message);
        Assert.Equal(("host1", "host2", (ushort)11, (ushort)12), (result.From, result.To, result.VlanBefore.Value, result.VlanAfter.Value));
        Assert.True(result.Generation > before);
        Assert.Equal(seen, result.Steps.Select(s => s.Name));
        Assert.Equal(
            [BridgeStepName.Started, BridgeStepName.AttentionPressed, BridgeStepName.PoweredOff, BridgeStepName.Drained, BridgeStepName.Reset,
                BridgeStepName.Recorded, BridgeStepName.Presented, BridgeStepName.Plugged, BridgeStepName.Done],
            seen);
        for (var i = 1; i < result.Steps.Count; i++)
        {
            Assert.True(result.Steps[i].At >= result.Steps[i - 1].At);
        }

        Assert.Contains((ushort)12, rig.VlansSent);
        rig.Map(rig.Hosts[1]);
        rig.Hosts[1].Read(0x80_0000_0000, 4);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 1);

        // What the old host still sends is yesterday's.
        rig.Hosts[0].Write(0x80_0000_0000, [1, 2, 3, 4]);
        rig.Settle();
        Assert.Single(rig.Device.Received);
        Assert.Equal(1, rig.Status.Counters.WrongGeneration);
    }

    [Fact]
    public void A_host_that_does_not_let_go_is_fenced_after_the_release_timeout()
    {
        var rig = new IoRig(2, releaseTimeout: TimeSpan.FromSeconds(7)).StartAndPlug();
        rig.Host.IsWilling = false;
        var from = rig.Now;
        var move = rig.Bridge.MoveAsync("nvme0", "host2");
        rig.RunFor(TimeSpan.FromSeconds(6));
        Assert.Equal(("nvme0", FunctionState.Releasing), (rig.Status.Name, rig.Status.State));

        // It is still its own until then.
        rig.Host.Read(0x80_0000_0000, 4, tag: 1);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, rig.Host.Tlps[0].View.Status);
        var result = rig.Await(move);
        Assert.True(result.Ok, result.Message);
        var fenced = Assert.Single(result.Steps, s => s.Name == BridgeStepName.Fenced);
        Assert.InRange((fenced.At - from).TotalSeconds, 6.9, 7.1);
        Assert.Equal(1, rig.Host.Withdrawals);
        Assert.Equal(1, rig.Status.Counters.Fenced);
    }

    [Fact]
    public void Force_asks_nobody()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Host.IsWilling = false;
        var from = rig.Now;
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host2", force: true));
        Assert.True(result.Ok, result.Message);
        Assert.Equal((0, 1), (rig.Host.Presses, rig.Host.Withdrawals));
        Assert.True((rig.Now - from).TotalSeconds < 1);
        Assert.Equal("host2", rig.Status.Owner);
    }

    [Fact]
    public void A_forced_command_makes_the_one_at_work_hurry()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.IsWilling = false;
        var polite = rig.Bridge.DetachAsync("nvme0");
        rig.RunFor(TimeSpan.FromSeconds(1));
        var busy = rig.Await(rig.Bridge.DetachAsync("nvme0"));
        Assert.Equal(RefusalCode.Busy, busy.Code);
        Assert.Contains("detach", busy.Message, StringComparison.Ordinal);
        var from = rig.Now;
        var forced = rig.Await(rig.Bridge.DetachAsync("nvme0", force: true));
        Assert.True(polite.IsCompletedSuccessfully);
        Assert.Contains(rig.Await(polite).Steps, s => s.Name == BridgeStepName.Fenced);
        Assert.Equal(RefusalCode.NotOwned, forced.Code);
        Assert.True((rig.Now - from).TotalSeconds < 1);
    }

    [Fact]
    public void Refusals_say_what_is_the_matter_and_what_to_do()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Host);

        var result = rig.Await(rig.Bridge.AttachAsync("nvme7", "host1"));
        Assert.Equal(RefusalCode.NoSuchFunction, result.Code);
        Assert.Contains("nvme0, nvme1", result.Remedy, StringComparison.Ordinal);

        result = rig.Await(rig.Bridge.AttachAsync("nvme1", "host9"));
        Assert.Equal(RefusalCode.NoSuchHost, result.Code);
        Assert.Contains("host1, host2", result.Remedy, StringComparison.Ordinal);

        result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host2"));
        Assert.Equal(RefusalCode.AlreadyOwned, result.Code);
        Assert.Contains("'host1'", result.Message, StringComparison.Ordinal);
        Assert.Contains("expether move nvme0 host2", result.Remedy, StringComparison.Ordinal);
        Assert.Contains("--force", result.Remedy, StringComparison.Ordinal);

        Assert.Equal(RefusalCode.NotOwned, rig.Await(rig.Bridge.MoveAsync("nvme1", "host1")).Code);
        Assert.Equal(RefusalCode.NotOwned, rig.Await(rig.Bridge.DetachAsync("nvme1")).Code);
        Assert.Equal("host1", rig.Status.Owner);
    }

    [Fact]
    public void A_command_that_is_repeated_succeeds_and_disturbs_nothing()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Host);
        var generation = rig.Status.Generation;

        foreach (var again in new[] { rig.Bridge.AttachAsync("nvme0", "host1", force: true), rig.Bridge.MoveAsync("nvme0", "host1") })
        {
            var result = rig.Await(again);
            Assert.True(result.Ok);
            Assert.Equal(("host1", "host1", generation), (result.From, result.To, result.Generation));
            Assert.Empty(result.Steps);
        }

        Assert.Equal(generation, rig.Status.Generation);
    }

    [Fact]
    public void A_command_for_a_generation_that_has_passed_changes_nothing()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Host);
        var generation = rig.Status.Generation;

        foreach (var late in new[]
                 {
                     rig.Bridge.AttachAsync("nvme0", "host2", force: true, expected: generation - 1),
                     rig.Bridge.MoveAsync("nvme0", "host2", expected: generation + 1),
                     rig.Bridge.DetachAsync("nvme0", expected: 0),
                 })
        {
            Assert.Equal(RefusalCode.GenerationChanged, rig.Await(late).Code);
        }

        Assert.Equal(("host1", generation), (rig.Status.Owner, rig.Status.Generation));
        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0", force: true, expected: generation)).Ok);
    }

    [Fact]
    public void A_host_that_is_not_there_gets_nothing_and_the_present_owner_keeps_it()
    {
        var rig = new IoRig(2);
        rig.Hosts[1].IsCut = true;
        rig.StartAndPlug();
        var result = rig.Await(rig.Bridge.MoveAsync("nvme0", "host2", force: true));
        Assert.Equal(RefusalCode.HostNotConnected, result.Code);
        Assert.Equal(("host1", FunctionState.Presented), (rig.Status.Owner, rig.Status.State));
    }

    [Fact]
    public void A_host_without_a_free_slot_does_not_own_the_function()
    {
        var rig = new IoRig().Start();
        rig.Host.Refuses = RefusalReason.NoFreeSlot;
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host1"));
        Assert.Equal(RefusalCode.HostRefused, result.Code);
        Assert.Null(rig.Status.Owner);
        Assert.Empty(rig.Store.Durable!.Owners);
        rig.Host.Refuses = null;
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
    }

    [Fact]
    public void Attach_does_not_wait_for_ever_for_an_operating_system()
    {
        var rig = new IoRig().Start();
        rig.Host.IsWilling = false;
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host1"));
        Assert.True(result.Ok);
        Assert.DoesNotContain(result.Steps, s => s.Name == BridgeStepName.Plugged);
    }

    [Fact]
    public void A_link_that_dies_fences_its_functions_and_a_new_epoch_gets_them_again_reset()
    {
        var rig = new IoRig().StartAndPlug();
        var before = rig.Host.LastPresent.Generation;
        rig.Device.Memory(0)[0] = 0xEE;
        rig.Device.Send(_tlp.AsSpan(0, new MemoryRead(rig.Device.Rid, new Tag(1), 0x1000, 4).Write(_tlp)));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        rig.Host.IsCut = true;
        rig.RunFor(TimeSpan.FromSeconds(19));
        Assert.Equal(FunctionState.Presented, rig.Status.State);
        rig.Run(() => rig.Status.State == FunctionState.Idle, 5);
        Assert.Equal("host1", rig.Status.Owner);
        Assert.False(rig.Device.Config.BusMasterEnable);
        Assert.Equal(0, rig.Device.Memory(0)[0]);
        Assert.Equal(0, rig.Status.DmaRequestsOutstanding);

        rig.Device.Send(_tlp.AsSpan(0, new MemoryWrite(rig.Device.Rid, 0x1000).Write(_tlp, [1, 2, 3, 4])));
        rig.Run(() => rig.Status.Counters.DmaPostedDropped == 1);

        rig.Host.IsCut = false;
        rig.Run(() => rig.Host.Presents == 2, 60);
        Assert.True(rig.Host.LastPresent.Generation > before);
        rig.Map(rig.Host);
        Assert.Equal(rig.Host.LastPresent.Generation, rig.Status.Generation);

        // An answer to the old generation's request is swallowed.
        rig.Host.Send(0, before, _tlp.AsSpan(0, new Completion(rig.Host.HostH, rig.Host.VfH, new Tag(1), CompletionStatus.SuccessfulCompletion)
            .Write(_tlp, [1, 2, 3, 4])));
        rig.Settle();
        Assert.Empty(rig.Device.Received);
        Assert.Equal(1, rig.Status.Counters.StaleCompletions);
    }

    [Fact]
    public void A_host_that_restarts_gets_its_functions_anew()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => rig.Host.Presents == 2, 60);
        Assert.Equal("host1", rig.Status.Owner);
    }

    [Fact]
    public void A_link_that_dies_while_the_host_is_asked_ends_the_waiting()
    {
        var rig = new IoRig(2).StartAndPlug();
        rig.Host.IsWilling = false;
        var move = rig.Bridge.MoveAsync("nvme0", "host2");
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        var from = rig.Now;
        var result = rig.Await(move);
        Assert.True(result.Ok, result.Message);
        Assert.True((rig.Now - from).TotalSeconds < 2);
        Assert.Equal("host2", rig.Status.Owner);
    }

    [Fact]
    public void A_host_that_ejects_a_function_by_itself_gives_it_back()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.SayPoweredOff(rig.Host.LastPresent.Function, rig.Host.LastPresent.Generation);
        rig.Run(() => rig.Status.Owner is null && rig.Status.Busy is null);
        Assert.Equal(FunctionState.Idle, rig.Status.State);
        Assert.Equal(0, rig.Host.Presses);
        Assert.Equal(1, rig.Host.Presents);
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
    }

    [Fact]
    public void Words_about_an_older_generation_change_nothing()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.SayPoweredOff(rig.Host.LastPresent.Function, rig.Host.LastPresent.Generation - 1);
        rig.Host.SayPoweredOff(17, rig.Host.LastPresent.Generation);
        rig.Settle();
        Assert.Equal(("host1", FunctionState.Presented), (rig.Status.Owner, rig.Status.State));
        Assert.Equal(2, rig.Bridge.Status().Counters.StaleAnswers);
    }

    [Fact]
    public void A_device_that_does_not_answer_is_reset_as_a_whole()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.AnswersConfig = false;
        var result = rig.Await(rig.Bridge.DetachAsync("nvme0"));
        Assert.True(result.Ok, result.Message);
        Assert.Equal(1, rig.Device.FundamentalResets);
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
        rig.Map(rig.Host);
        rig.Host.Read(0x80_0000_0000, 4);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, rig.Host.Tlps[0].View.Status);
    }

    [Fact]
    public void A_device_without_function_level_reset_is_reset_as_a_whole_and_its_host_may_ask_for_it()
    {
        var rig = new IoRig(devices: [new TestDevice(TestDevice.Plain with { FlrCapable = false })]).StartAndPlug();
        var resets = rig.Device.FundamentalResets;
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(resets + 1, rig.Device.FundamentalResets);
        rig.Map(rig.Host);
        rig.Host.Write(0x80_0000_0000, [0xEE, 1, 1, 1]);
        rig.Run(() => rig.Device.Memory(0)[0] == 0xEE);
        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
        Assert.Equal((resets + 2, 0), (rig.Device.FundamentalResets, (int)rig.Device.Memory(0)[0]));
    }

    [Fact]
    public void Many_devices_go_to_many_hosts_and_round()
    {
        var rig = new IoRig(3, [new TestDevice(), new TestDevice(), new TestDevice()]).Start();
        for (var i = 0; i < 3; i++)
        {
            rig.Plug($"nvme{i}", rig.Hosts[i]);
        }

        for (var round = 1; round < 4; round++)
        {
            for (var i = 0; i < 3; i++)
            {
                var result = rig.Await(rig.Bridge.MoveAsync($"nvme{i}", $"host{((i + round) % 3) + 1}"));
                Assert.True(result.Ok, result.Message);
            }
        }

        Assert.Equal(["host1", "host2", "host3"], rig.Bridge.Status().Functions.Select(f => f.Owner));
        Assert.Equal(12, rig.Hosts.Sum(h => h.Presents));
        Assert.Equal(12UL, rig.Bridge.Status().Functions.Select(f => f.Generation).Max() & ((1UL << IoBridgeLimits.GenerationCounterBits) - 1));
    }

    [Fact]
    public void The_table_of_the_boxes_state_has_every_address_and_id()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.Read(0x80_0000_0000, 4);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        var status = rig.Status;
        Assert.Equal(0x80_0000_0000UL, status.Bars[0].MemH!.Value.Value);
        Assert.Equal(rig.Device.Config.BarAddress(0), status.Bars[0].MemIo.Value);
        Assert.Equal(0xE000_0000UL, status.Bars[1].MemH!.Value.Value);
        Assert.Equal(rig.Host.VfH, status.VfH);
        Assert.Equal(rig.Device.Rid, status.VfIo);
        Assert.Equal(rig.Host.HostH, status.HostH);
        Assert.Equal(0xF0, status.HostIo!.Value.Bus);
        Assert.Equal((ushort)11, status.Vlan.Value);
        var host = Assert.Single(rig.Bridge.Status().Hosts);
        Assert.True(host.Linked);
        Assert.Equal(["nvme0"], host.Functions);
    }
}
