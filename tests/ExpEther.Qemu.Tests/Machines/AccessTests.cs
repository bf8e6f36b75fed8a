using System.Buffers.Binary;
using ExpEther.Linux.Polling;
using ExpEther.Qemu.Tests.Monitors;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>What a client sees of a function, and how interrupts reach it.</summary>
public sealed class AccessTests : IDisposable
{
    private const int Bar0 = 0x10;
    private const int Bar4 = 0x20;
    private const ulong MessageAddress = 0xFEE0_1000;

    private readonly MachineRig _rig = new();
    private readonly MachineRig _managed = new(InterruptMode.EventFd);

    public void Dispose()
    {
        _rig.Dispose();
        _managed.Dispose();
    }

    [Fact]
    public void Regions_are_the_functions_BARs_and_its_configuration_space()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        Assert.Equal([4096, 0, 0, 0, 4096, 0, 4096], new[] { 0, 1, 2, 3, 4, 5, 7 }.Select(client.RegionBytes));
        Assert.Equal(0u, client.MsixCount);
    }

    [Fact]
    public void MSI_X_is_hidden_from_every_client_until_its_first_reset()
    {
        _rig.Connect();
        for (var i = 0; i < 2; i++)
        {
            var client = _rig.PlugIn();
            var msix = _rig.Slots[0].Endpoint.Config.MsixOffset;
            var next = client.Config[msix + 1];
            Assert.Equal([0x09, next, 12], client.Config[msix..(msix + 3)]);
            Assert.Equal([0x11, next, 7, 0], _rig.Read(client, client.ReadConfig(msix, 4)));
            Assert.Equal([0], _rig.Read(client, client.ReadConfig(0x3D, 1)));
            _rig.Do(client, client.ResetDevice());
            Assert.Equal([0x11], _rig.Read(client, client.ReadConfig(msix, 1)));

            var unplug = _rig.Unplug();
            _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(50));
        }
    }

    [Fact]
    public void The_guest_programs_the_functions_own_table_and_its_interrupts_are_writes_to_the_guests_memory()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        EnableDevice(_rig, client);
        client.Write(4, 16, [.. BitConverter.GetBytes((uint)MessageAddress)]);
        client.Write(4, 20, new byte[4]);
        client.Write(4, 24, [0x41, 0, 0, 0]);
        client.Write(4, 28, new byte[4]);
        EnableMsix(_rig, client);
        _rig.Slots[0].Endpoint.Raise(1);
        _rig.RunUntil(() => client.Messages.Count == 1, TimeSpan.FromMilliseconds(20));
        Assert.Equal((MessageAddress, 0x41u), client.Messages[0]);
        Assert.Equal((uint)MessageAddress, BinaryPrimitives.ReadUInt32LittleEndian(_rig.Read(client, client.Read(4, 16, 4))));
    }

    [Fact]
    public void A_client_that_waits_for_its_writes_is_answered()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        EnableDevice(_rig, client);
        _rig.Do(client, client.Write(0, 8, [1, 2, 3, 4, 5, 6, 7, 8], isPosted: false));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], _rig.Read(client, client.Read(0, 8, 8)));
        Assert.Equal([5, 6, 7], _rig.Read(client, client.Read(0, 12, 3)));
    }

    [Fact]
    public void An_access_that_nobody_answers_reads_all_ones_within_the_completion_timeout()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Slots[0].Endpoint.Silent = true;
        var read = client.ReadConfig(0x3C, 4);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], _rig.Read(client, read));
    }

    [Fact]
    public void With_eventfds_QEMU_sees_MSI_X_and_the_table_is_filled_for_it()
    {
        _managed.Connect();
        var client = _managed.PlugIn();
        var endpoint = _managed.Slots[0].Endpoint;
        var msix = endpoint.Config.MsixOffset;
        Assert.Equal(0x11, client.Config[msix]);
        Assert.Equal(8u, client.MsixCount);
        EnableDevice(_managed, client);
        using var first = new EventFd();
        using var second = new EventFd();
        _managed.Do(client, client.Listen(first, second));
        EnableMsix(_managed, client);

        endpoint.Raise(1);
        _managed.RunFor(TimeSpan.FromMilliseconds(5));
        Assert.Equal((false, true), (first.Clear(), second.Clear()));
        Assert.Empty(client.Messages);

        _managed.Do(client, client.Ignore(1));
        endpoint.Raise(1);
        endpoint.Raise(0);
        _managed.RunFor(TimeSpan.FromMilliseconds(5));
        Assert.Equal((true, false), (first.Clear(), second.Clear()));
    }

    [Fact]
    public void With_eventfds_a_reset_by_the_guest_costs_no_interrupt_once_it_has_set_MSI_X_up_again()
    {
        _managed.Connect();
        var client = _managed.PlugIn();
        var endpoint = _managed.Slots[0].Endpoint;
        EnableDevice(_managed, client);
        using var wake = new EventFd();
        _managed.Do(client, client.Listen(wake));
        EnableMsix(_managed, client);

        _managed.Do(client, client.WriteConfig(endpoint.Config.PcieOffset + 9, 0x80));
        EnableDevice(_managed, client);
        EnableMsix(_managed, client);
        endpoint.Raise(0);
        _managed.RunFor(TimeSpan.FromMilliseconds(5));
        Assert.True(wake.Clear());
    }

    [Fact]
    public void Interrupts_without_a_listener_are_counted_and_harm_nobody()
    {
        _managed.Connect();
        _managed.PlugIn();
        _managed.Machine.RaiseInterrupt(_managed.Slots[0].Slot, new(0xFEE0_0000), 3);
        _managed.Machine.RaiseInterrupt(_managed.Slots[0].Slot, new(0xFEE0_0000), 0xFFFF_FFFF);
        _rig.Machine.RaiseInterrupt(_rig.Slots[0].Slot, new(0xFEE0_0000), 3);
        _managed.RunFor(TimeSpan.FromMilliseconds(5));
        Assert.Equal(QemuSlotState.Connected, _managed.Status().State);
    }

    private static void EnableDevice(MachineRig rig, VfioUserClient client)
    {
        rig.Do(client, client.WriteConfig(Bar0, 0, 0, 0xA0, 0xFE));
        rig.Do(client, client.WriteConfig(Bar4, 0, 0, 0xB0, 0xFE));
        rig.Do(client, client.WriteConfig(4, 6, 0));
    }

    private static void EnableMsix(MachineRig rig, VfioUserClient client) =>
        rig.Do(client, client.WriteConfig(rig.Slots[0].Endpoint.Config.MsixOffset + 3, 0x80));
}
