using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>What a device sends, as its owner gets it: the rows of the table that go up.</summary>
public sealed class DeviceToHostTests
{
    private const ulong MemH = 0x80_0000_0000;

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    [Fact]
    public void Row_4_a_read_goes_to_the_owner_under_its_own_name_for_the_function()
    {
        var rig = new IoRig().StartAndPlug();
        DeviceReads(rig, rig.Device, 0x12_3456_7000, 512, 0x7F);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        var view = rig.Host.Tlps[0].View;
        Assert.Equal(TlpKind.MemoryRead, view.Kind);
        Assert.Equal(rig.Host.VfH, view.Requester);
        Assert.Equal(0x12_3456_7000UL, view.Address);
        Assert.Equal(0x7F, view.Tag.Value);
        Assert.Equal(rig.Host.LastPresent.Generation, rig.Host.Tlps[0].Generation);
        Assert.Equal(1, rig.Status.DmaRequestsOutstanding);
    }

    [Fact]
    public void Row_4_the_host_is_chosen_by_the_requester_and_never_by_the_address()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Hosts[0], MemH);
        rig.Plug("nvme1", rig.Hosts[1], MemH);
        // Host memory ranges overlap, and lie where the other device's Mem_IO is.
        foreach (var address in new[] { 0x1000UL, MemH, rig.Devices[0].Config.BarAddress(0), rig.Devices[1].Config.BarAddress(0) })
        {
            rig.Hosts[0].Tlps.Clear();
            rig.Hosts[1].Tlps.Clear();
            DeviceWrites(rig.Devices[0], address, [1, 1, 1, 1]);
            DeviceWrites(rig.Devices[1], address, [2, 2, 2, 2]);
            rig.Run(() => rig.Hosts[0].Tlps.Count == 1 && rig.Hosts[1].Tlps.Count == 1);
            Assert.Equal(1, rig.Hosts[0].Tlps[0].View.Payload[0]);
            Assert.Equal(2, rig.Hosts[1].Tlps[0].View.Payload[0]);
            Assert.Equal(address, rig.Hosts[1].Tlps[0].View.Address);
        }

        Assert.Empty(rig.Devices[0].Received);
        Assert.Empty(rig.Devices[1].Received);
    }

    [Fact]
    public void Row_4_writes_are_cut_to_what_the_link_carries()
    {
        var big = TestDevice.Plain with { MaxPayloadSupported = 4096 };
        var rig = new IoRig(devices: [new TestDevice(big)]).StartAndPlug();
        Assert.Equal(1024, rig.Device.Config.MaxPayloadBytes);
        var data = Enumerable.Range(0, 4000).Select(i => (byte)(i * 5)).ToArray();
        var length = new MemoryWrite(rig.Device.Rid, 0x2003).Write(_tlp, data);
        rig.Device.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 4);
        Assert.All(rig.Host.Tlps, t => Assert.True(t.View.Payload.Length <= 1024));
        Assert.Equal(data, rig.Host.Tlps.SelectMany(t => t.View.Payload.ToArray()).Skip(3).Take(4000));
        Assert.All(rig.Host.Tlps, t => Assert.Equal(rig.Host.VfH, t.View.Requester));
    }

    [Fact]
    public void Row_6_an_interrupt_comes_after_the_writes_before_it()
    {
        var rig = new IoRig().StartAndPlug();
        for (var i = 0; i < 40; i++)
        {
            DeviceWrites(rig.Device, 0x1000 + (ulong)(i * 256), new byte[256]);
        }

        DeviceWrites(rig.Device, 0xFEE0_0000, [0x31, 0, 0, 0]);
        rig.Run(() => rig.Host.Tlps.Count == 41);
        Assert.Equal(0xFEE0_0000UL, rig.Host.Tlps[40].View.Address);
        Assert.Equal(0x1000UL, rig.Host.Tlps[0].View.Address);
    }

    [Fact]
    public void Row_7_errors_and_PME_reach_the_host_and_interrupt_wires_do_not()
    {
        var rig = new IoRig().StartAndPlug();
        foreach (var code in new[] { MessageCode.AssertIntA, MessageCode.DeassertIntA, MessageCode.LatencyToleranceReporting })
        {
            DeviceTells(rig.Device, code, MessageRouting.Local);
        }

        DeviceTells(rig.Device, MessageCode.ErrFatal, MessageRouting.ToRootComplex);
        DeviceTells(rig.Device, MessageCode.PmPme, MessageRouting.ToRootComplex);
        rig.Run(() => rig.Host.Tlps.Count == 2);
        rig.Settle();
        Assert.Equal([MessageCode.ErrFatal, MessageCode.PmPme], rig.Host.Tlps.Select(t => t.View.MessageCode));
        Assert.All(rig.Host.Tlps, t => Assert.Equal(rig.Host.VfH, t.View.Requester));
        Assert.Equal(3, rig.Status.Counters.MessagesHidden);
    }

    [Fact]
    public void Row_9_DMA_without_owner_is_refused_counted_and_reported_once_a_second()
    {
        var rig = new IoRig().Start();
        rig.Device.Received.Clear();
        for (var i = 0; i < 5; i++)
        {
            DeviceReads(rig, rig.Device, 0x1000, 4, (ushort)i);
            DeviceWrites(rig.Device, 0x1000, [1, 2, 3, 4]);
        }

        rig.Settle();
        Assert.Equal(5, rig.Device.Received.Count);
        Assert.All(rig.Device.Received, t =>
        {
            Assert.Equal(TlpError.None, TlpView.TryParse(t, out var view));
            Assert.Equal(CompletionStatus.UnsupportedRequest, view.Status);
            Assert.Equal(rig.Device.Rid, view.Requester);
        });
        Assert.Equal((5, 5), (rig.Status.Counters.DmaUnsupportedRequests, rig.Status.Counters.DmaPostedDropped));
        Assert.Single(rig.Events.Lines, l => l.Contains("DMA refused", StringComparison.Ordinal));
        Assert.Empty(rig.Host.Tlps);
    }

    [Fact]
    public void Row_9_DMA_with_bus_mastering_off_is_refused()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.False(rig.Device.Config.BusMasterEnable);
        rig.Host.Tlps.Clear();
        DeviceWrites(rig.Device, 0x1000, [1, 2, 3, 4]);
        DeviceReads(rig, rig.Device, 0x1000, 4, 1);
        rig.Run(() => rig.Device.Received.Count == 1);
        Assert.Empty(rig.Host.Tlps);
        Assert.Equal((1, 1), (rig.Status.Counters.DmaUnsupportedRequests, rig.Status.Counters.DmaPostedDropped));
    }

    [Fact]
    public void Row_9_an_ID_that_no_function_has_is_nobodys()
    {
        var rig = new IoRig().StartAndPlug();
        var length = new MemoryWrite(new Rid(1, 3, 1), 0x1000).Write(_tlp, [1, 2, 3, 4]);
        rig.Device.Send(_tlp.AsSpan(0, length));
        length = new MemoryWrite(new Rid(2, 0, 0), 0x1000).Write(_tlp, [1, 2, 3, 4]);
        rig.Device.Send(_tlp.AsSpan(0, length));
        rig.Settle();
        Assert.Empty(rig.Host.Tlps);
        Assert.Equal(2, rig.Bridge.Status().Counters.DeviceTlpsFromUnknownRequesters);
    }

    [Fact]
    public void A_bad_digest_is_not_passed_on_and_a_good_one_is_made_anew()
    {
        var rig = new IoRig().StartAndPlug();
        var length = new MemoryWrite(rig.Device.Rid, 0x1000, TlpAttributes.Digest).Write(_tlp, [1, 2, 3, 4]);
        rig.Device.Send(_tlp.AsSpan(0, length));
        _tlp[length - 1] ^= 0x80;
        rig.Device.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        rig.Settle();
        Assert.Single(rig.Host.Tlps);
        Assert.True(rig.Host.Tlps[0].View.HasDigest && rig.Host.Tlps[0].View.HasValidEcrc);
        Assert.Equal(1, rig.Status.Counters.BadEcrc);
    }

    [Fact]
    public void A_tag_whose_answer_is_still_owed_is_not_used_again()
    {
        var rig = new IoRig().StartAndPlug();
        DeviceReads(rig, rig.Device, 0x1000, 4, 3);
        DeviceReads(rig, rig.Device, 0x2000, 4, 3);
        rig.Run(() => rig.Device.Received.Count == 1);
        Assert.Single(rig.Host.Tlps);
        Assert.Equal(1, rig.Status.DmaRequestsOutstanding);
    }

    [Fact]
    public void A_host_that_takes_nothing_stalls_its_own_device_and_no_other()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Hosts[0]);
        rig.Plug("nvme1", rig.Hosts[1]);
        rig.Hosts[0].IsCut = true;
        for (var i = 0; i < 20000; i++)
        {
            DeviceWrites(rig.Devices[0], 0x1000, new byte[256]);
        }

        for (var i = 0; i < 2000; i++)
        {
            DeviceWrites(rig.Devices[1], 0x1000, new byte[256]);
        }

        rig.Run(() => rig.Hosts[1].Tlps.Count == 2000);
        Assert.True(rig.Devices[0].Waiting > 10000, $"{rig.Devices[0].Waiting} wait in the device");

        // The box can still take the device back from the host that does not answer.
        var result = rig.Await(rig.Bridge.MoveAsync("nvme0", "host2", force: true), 5);
        Assert.True(result.Ok, result.Message);
        Assert.Equal(0, rig.Devices[0].Waiting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_answer_to_a_configuration_request_passes_writes_that_wait_for_the_link(bool turnsBusMasterOff)
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.IsCut = true;
        var sent = 0;
        while (rig.Device.Waiting < 6)
        {
            var length = new MemoryWrite(rig.Device.Rid, 0x10_0000 + (1024 * (ulong)sent++)).Write(_tlp, new byte[1024]);
            rig.Device.Send(_tlp.AsSpan(0, length));
            rig.Turn();
        }

        // Both speak again; the box has had no credit for writes yet when the host's request comes, but has for completions.
        rig.RunFor(TimeSpan.FromSeconds(2));
        rig.Host.IsCut = false;
        if (turnsBusMasterOff)
        {
            rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        }
        else
        {
            rig.Host.ConfigRead(0);
        }

        rig.Run(() => rig.Host.Tlps.Exists(t => t.View.IsCompletion));
        var writes = rig.Host.Tlps.FindIndex(t => t.View.IsCompletion);
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, rig.Status.Counters.DmaPostedDropped);
        Assert.Equal(sent, rig.Host.Tlps.Count(t => t.View.Kind == TlpKind.MemoryWrite));

        // What the device itself still held when its configuration space was read for it here is not sent yet.
        Assert.Equal(turnsBusMasterOff ? sent : sent - 6, writes);
    }

    [Fact]
    public void A_stalled_host_loses_nothing_and_gets_it_in_order()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.IsCut = true;
        Span<byte> data = stackalloc byte[4];
        for (var i = 0; i < 20000; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(data, i);
            DeviceWrites(rig.Device, 0x1000, data);
        }

        rig.RunFor(TimeSpan.FromSeconds(3));
        rig.Host.IsCut = false;
        rig.Run(() => rig.Host.Tlps.Count == 20000, 30);
        for (var i = 0; i < 20000; i++)
        {
            Assert.Equal(i, System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(rig.Host.Tlps[i].View.Payload));
        }
    }

    private void DeviceReads(IoRig rig, TestDevice device, ulong address, int bytes, ushort tag)
    {
        var length = new MemoryRead(device.Rid, new Tag(tag), address, bytes).Write(_tlp);
        device.Send(_tlp.AsSpan(0, length));
        rig.Settle();
    }

    private void DeviceWrites(TestDevice device, ulong address, ReadOnlySpan<byte> data)
    {
        var length = new MemoryWrite(device.Rid, address).Write(_tlp, data);
        device.Send(_tlp.AsSpan(0, length));
    }

    private void DeviceTells(TestDevice device, MessageCode code, MessageRouting routing)
    {
        var length = new Message(device.Rid, code, routing).Write(_tlp);
        device.Send(_tlp.AsSpan(0, length));
    }
}
