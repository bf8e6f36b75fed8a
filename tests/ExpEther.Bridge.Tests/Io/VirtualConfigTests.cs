using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>Row 3: what a host sees of a function, and what of its writes reaches the device.</summary>
public sealed class VirtualConfigTests
{
    [Fact]
    public void The_host_sees_an_ordinary_endpoint_with_the_devices_own_identity()
    {
        var rig = new IoRig().StartAndPlug();
        Assert.Equal(0x4242_1AF4U, rig.ReadShown(0));
        Assert.Equal(0x010802_03U, rig.ReadShown(ConfigRegister.RevisionId));
        Assert.Equal(0x0007_1AF4U, rig.ReadShown(ConfigRegister.SubsystemVendorId));
        Assert.Equal(0U, rig.ReadShown(ConfigRegister.InterruptLine) >> 8 & 0xFF);
        var msix = rig.Shown(CapabilityId.Msix);
        Assert.Equal(3U, rig.ReadShown(msix) >> 16 & 0x7FF);
        Assert.Equal(0x2000U, rig.ReadShown(msix + 4));
        Assert.Equal(0x3000U, rig.ReadShown(msix + 8));
        Assert.NotEqual(0, rig.Shown(CapabilityId.PowerManagement));
        Assert.Equal(1U, rig.ReadShown(0x100) & 0xFFFF);
    }

    [Fact]
    public void BARs_are_sized_as_on_hardware_and_placing_them_does_not_move_the_device()
    {
        var rig = new IoRig().StartAndPlug();
        var memIo = rig.Device.Config.BarAddress(0);
        rig.Host.ConfigWrite(ConfigRegister.Bar0, uint.MaxValue);
        rig.Host.ConfigWrite(ConfigRegister.Bar0 + 4, uint.MaxValue);
        rig.Host.ConfigWrite(ConfigRegister.Bar0 + 8, uint.MaxValue);
        rig.Run(() => rig.Host.Tlps.Count == 3);
        Assert.Equal(0xFFFF_0004U, rig.ReadShown(ConfigRegister.Bar0));
        Assert.Equal(uint.MaxValue, rig.ReadShown(ConfigRegister.Bar0 + 4));
        Assert.Equal(0xFFFF_F000U, rig.ReadShown(ConfigRegister.Bar0 + 8));
        Assert.Equal(memIo, rig.Device.Config.BarAddress(0));
        Assert.Empty(rig.Device.ConfigReceived);
    }

    [Fact]
    public void Answers_carry_the_hosts_and_the_functions_ids_and_every_write_is_captured()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.HostH = new Rid(0, 2, 0);
        rig.Host.VfH = new Rid(9, 0, 0);
        rig.Host.ConfigWrite(ConfigRegister.CacheLineSize, 0x10, tag: 0x55);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        var answer = rig.Host.Tlps[0].View;
        Assert.Equal(new Rid(0, 2, 0), answer.Requester);
        Assert.Equal(new Rid(9, 0, 0), answer.Completer);
        Assert.Equal(0x55, answer.Tag.Value);
        Assert.Equal(new Rid(9, 0, 0), rig.Status.VfH);
        // The device knows itself by its own number still.
        Assert.Equal(new Rid(1, 0, 0), rig.Device.Rid);
    }

    [Fact]
    public void Bus_mastering_reaches_the_device_before_it_is_confirmed()
    {
        var rig = new IoRig().Start();
        rig.Await(rig.Bridge.AttachAsync("nvme0", "host1"));
        Assert.False(rig.Device.Config.BusMasterEnable);
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable, 0b0011);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.True(rig.Device.Config.BusMasterEnable);
        Assert.True(rig.Device.Config.MemorySpaceEnable);
        Assert.True(rig.Status.BusMasterEnable);
    }

    [Fact]
    public void Requests_behind_one_that_waits_for_the_device_are_answered_in_order()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.ConfigWrite(ConfigRegister.Command, 0, 0b0011, tag: 1);
        rig.Host.ConfigRead(ConfigRegister.Command, tag: 2);
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable, 0b0011, tag: 3);
        rig.Host.ConfigRead(ConfigRegister.Command, tag: 4);
        rig.Run(() => rig.Host.Tlps.Count == 4);
        Assert.Equal([1, 2, 3, 4], rig.Host.Tlps.Select(t => t.View.Tag.Value));
        Assert.Equal(0, rig.Host.Tlps[1].View.Payload[0] & 4);
        Assert.Equal(4, rig.Host.Tlps[3].View.Payload[0] & 4);
    }

    [Fact]
    public void MSIX_control_reaches_the_device_and_MPS_does_not()
    {
        var rig = new IoRig().StartAndPlug();
        var msix = rig.Shown(CapabilityId.Msix);
        var pcie = rig.ShownPcieOffset();
        rig.Host.ConfigWrite(msix, 0x8000_0000, 0b1100);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.True(rig.Device.Config.MsixEnabled);
        Assert.False(rig.Device.Config.MsixFunctionMask);

        rig.Host.ConfigWrite(pcie + PcieRegister.DeviceControl, 0, 0b0011);
        rig.Run(() => rig.Host.Tlps.Count == 2);
        Assert.Equal(0U, rig.ReadShown(pcie + PcieRegister.DeviceControl) & PcieRegister.DeviceControlMaxPayloadMask);
        Assert.Equal(256, rig.Device.Config.MaxPayloadBytes);
    }

    [Fact]
    public void Vendor_specific_registers_are_the_devices_own()
    {
        var rig = new IoRig().StartAndPlug();
        var vendor = rig.Shown(CapabilityId.VendorSpecific);
        Assert.NotEqual(0, vendor);
        rig.Host.ConfigWrite(vendor + 4, 0xCAFE_F00D);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(0xCAFE_F00DU, rig.Device.Config.Read(rig.Device.VendorOffset + 4));
        Assert.Equal(0xCAFE_F00DU, rig.ReadShown(vendor + 4));
    }

    [Fact]
    public void A_function_level_reset_of_the_host_resets_the_device_and_leaves_it_mapped_in_the_box()
    {
        var rig = new IoRig().StartAndPlug();
        var memIo = rig.Device.Config.BarAddress(0);
        var resets = rig.Device.FunctionLevelResets;
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        // Asked after the reset: waits for it.
        rig.Host.ConfigRead(ConfigRegister.Command, tag: 9);
        rig.Run(() => rig.Host.Tlps.Count == 2);
        Assert.Equal(resets + 1, rig.Device.FunctionLevelResets);
        Assert.Equal(memIo, rig.Device.Config.BarAddress(0));
        Assert.True(rig.Device.Config.MemorySpaceEnable);
        Assert.Equal(256, rig.Device.Config.MaxPayloadBytes);
        Assert.False(rig.Device.Config.BusMasterEnable);
        Assert.Equal(0, rig.Host.Tlps[1].View.Payload[0] & 6);
        Assert.Equal(0U, rig.ReadShown(ConfigRegister.Bar0 + 4));
        Assert.Equal(rig.Host.LastPresent.Generation, rig.Status.Generation);
        rig.Map(rig.Host);
        rig.Host.Read(0x80_0000_0000, 4);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, rig.Host.Tlps[0].View.Status);
    }

    [Fact]
    public void Answers_to_what_was_asked_before_a_reset_do_not_reach_the_device_after_it()
    {
        var rig = new IoRig().StartAndPlug();
        var tlp = new byte[64];
        rig.Device.Send(tlp.AsSpan(0, new MemoryRead(rig.Device.Rid, new Tag(1), 0x1000, 4).Write(tlp)));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        rig.RunFor(TimeSpan.FromSeconds(8));
        Assert.Equal(1, rig.Status.DmaRequestsOutstanding);
        rig.Device.Received.Clear();

        rig.Host.Send(tlp.AsSpan(0, new Completion(rig.Host.HostH, default, new Tag(1), CompletionStatus.SuccessfulCompletion).Write(tlp, [1, 2, 3, 4])));
        rig.Settle();
        Assert.Empty(rig.Device.Received);
        rig.Host.ConfigWrite(ConfigRegister.CacheLineSize, 0);
        rig.Host.Send(tlp.AsSpan(0, new Completion(rig.Host.HostH, rig.Host.VfH, new Tag(1), CompletionStatus.SuccessfulCompletion).Write(tlp, [1, 2, 3, 4])));
        rig.Settle();
        Assert.Empty(rig.Device.Received);
        Assert.Equal(0, rig.Status.DmaRequestsOutstanding);
        Assert.Equal(1, rig.Status.Counters.StaleCompletions);
    }

    [Fact]
    public void A_reset_of_the_hosts_own_does_not_spare_the_one_at_release()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        rig.RunFor(TimeSpan.FromSeconds(1));
        rig.Map(rig.Host);
        rig.Host.Write(0x80_0000_0000, [0xEE, 1, 1, 1]);
        rig.Run(() => rig.Device.Memory(0)[0] == 0xEE);
        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
        Assert.Equal(0, rig.Device.Memory(0)[0]);
    }

    [Fact]
    public void A_new_owner_sees_nothing_of_what_the_one_before_set()
    {
        var rig = new IoRig().StartAndPlug();
        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
        Assert.True(rig.Await(rig.Bridge.AttachAsync("nvme0", "host1")).Ok);
        Assert.Equal(0U, rig.ReadShown(ConfigRegister.Command) & 0x7);
        Assert.Equal(0U, rig.ReadShown(ConfigRegister.Bar0 + 4));
        Assert.Null(rig.Status.Bars[0].MemH);
        rig.Host.Tlps.Clear();
        rig.Host.Read(0x80_0000_0000, 4);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps[0].View.Status);
    }

    [Fact]
    public void A_read_that_a_reset_cuts_off_is_answered()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.AnswersMemory = false;
        rig.Host.Read(0x80_0000_0000, 4, tag: 0x44);
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        rig.Run(() => rig.Host.Tlps.Exists(t => t.View.Tag.Value == 0x44));
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps.Single(t => t.View.Tag.Value == 0x44).View.Status);
        Assert.Equal(0, rig.Status.HostRequestsOutstanding);
    }

    [Fact]
    public void Requests_for_another_function_or_of_type_1_end_in_UR()
    {
        var rig = new IoRig().StartAndPlug();
        var tlp = new byte[64];
        rig.Host.Send(tlp.AsSpan(0, new ConfigRead(rig.Host.HostH, new Tag(1), new Rid(5, 0, 1), 0, false).Write(tlp)));
        rig.Host.Send(tlp.AsSpan(0, new ConfigRead(rig.Host.HostH, new Tag(2), new Rid(5, 0, 0), 0, true).Write(tlp)));
        rig.Run(() => rig.Host.Tlps.Count == 2);
        Assert.All(rig.Host.Tlps, t => Assert.Equal(CompletionStatus.UnsupportedRequest, t.View.Status));
    }
}
