using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>What a host sends, as the device gets it: the rows of the table that go down.</summary>
public sealed class HostToDeviceTests
{
    private const ulong MemH = 0x80_0000_0000;
    private const uint MemH32 = 0xE000_0000;
    private static readonly Rid HostIo = new(0xF0, 0, 0);

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    [Fact]
    public void Row_1_a_write_gets_the_device_address_and_the_hosts_id_on_the_device_bus()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.Write(MemH + 0x123, [1, 2, 3, 4, 5], TlpAttributes.Poisoned | TlpAttributes.NoSnoop);
        rig.Run(() => rig.Device.Received.Count == 1);

        var view = Parse(rig.Device.Received[0]);
        Assert.Equal(TlpKind.MemoryWrite, view.Kind);
        Assert.Equal(rig.Device.Config.BarAddress(0) + 0x120, view.Address);
        Assert.Equal(HostIo, view.Requester);
        Assert.Equal(TlpAttributes.Poisoned | TlpAttributes.NoSnoop, view.Attributes);
        Assert.Equal((0b1000, 0xF), (view.FirstByteEnables, view.LastByteEnables));
        Assert.Equal<byte>([1, 2, 3, 4, 5], view.Payload[3..].ToArray());
    }

    [Fact]
    public void Row_1_the_header_shrinks_and_grows_when_the_swap_crosses_4_GB()
    {
        var rig = new IoRig().StartAndPlug(memH: 0xC000_0000);
        rig.Host.Write(0xC000_0010, [1, 2, 3, 4]);
        rig.Host.Write(MemH32 + 8, [5, 6, 7, 8]);
        rig.Run(() => rig.Device.Received.Count == 2);
        Assert.Equal(16, Parse(rig.Device.Received[0]).HeaderBytes);
        Assert.True(rig.Device.Config.BarAddress(0) > uint.MaxValue);
        Assert.Equal(rig.Device.Config.BarAddress(0) + 0x10, Parse(rig.Device.Received[0]).Address);
        Assert.Equal(12, Parse(rig.Device.Received[1]).HeaderBytes);
        Assert.Equal(rig.Device.Config.BarAddress(2) + 8, Parse(rig.Device.Received[1]).Address);

        var high = new IoRig().StartAndPlug(memH: MemH, memH32: MemH32);
        high.Host.Read(MemH32 + 4, 4);
        high.Run(() => high.Device.Received.Count == 1);
        Assert.Equal(high.Device.Config.BarAddress(2) + 4, Parse(high.Device.Received[0]).Address);
    }

    [Fact]
    public void Rows_1_and_2_a_read_is_answered_under_the_hosts_own_ids()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.Memory(0)[0x40] = 0xAB;
        rig.Host.Read(MemH + 0x40, 600, tag: 0x33);
        rig.Run(() => rig.Host.Tlps.Sum(t => t.View.Payload.Length) == 600);

        var request = Parse(rig.Device.Received[0]);
        Assert.Equal(HostIo, request.Requester);
        Assert.Equal(0x33, request.Tag.Value);
        var left = 600;
        foreach (var tlp in rig.Host.Tlps)
        {
            Assert.Equal(rig.Host.HostH, tlp.View.Requester);
            Assert.Equal(rig.Host.VfH, tlp.View.Completer);
            Assert.Equal(0x33, tlp.View.Tag.Value);
            Assert.Equal(left, tlp.View.ByteCount);
            Assert.Equal(rig.Host.LastPresent.Generation, tlp.Generation);
            left -= tlp.View.Payload.Length;
        }

        Assert.Equal(0xAB, rig.Host.Tlps[0].View.Payload[0]);
        Assert.Equal(0, rig.Status.HostRequestsOutstanding);
    }

    [Fact]
    public void Hosts_with_equal_ids_tags_and_addresses_do_not_meet()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Hosts[0], MemH);
        rig.Plug("nvme1", rig.Hosts[1], MemH);
        rig.Devices[0].Memory(0)[0] = 1;
        rig.Devices[1].Memory(0)[0] = 2;
        rig.Hosts[0].Read(MemH, 4, tag: 5);
        rig.Hosts[1].Read(MemH, 4, tag: 5);
        rig.Run(() => rig.Hosts[0].Tlps.Count == 1 && rig.Hosts[1].Tlps.Count == 1);
        Assert.Equal(1, rig.Hosts[0].Tlps[0].View.Payload[0]);
        Assert.Equal(2, rig.Hosts[1].Tlps[0].View.Payload[0]);
        Assert.NotEqual(Parse(rig.Devices[0].Received[0]).Requester, Parse(rig.Devices[1].Received[0]).Requester);
    }

    [Fact]
    public void A_host_with_several_requester_ids_has_as_many_on_the_device_bus()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.AnswersMemory = false;
        for (var i = 0; i < 9; i++)
        {
            rig.Host.HostH = new Rid(0, 1 + i, 0);
            rig.Host.Read(MemH, 4, tag: 7);
        }

        rig.Run(() => rig.Device.Received.Count + rig.Host.Tlps.Count == 9);
        // The ID of the configuration writes is not a memory requester: eight of nine find a place.
        var ids = rig.Device.Received.Select(t => Parse(t).Requester).Distinct().ToArray();
        Assert.Equal(8, ids.Length);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps[0].View.Status);
    }

    [Fact]
    public void A_digest_is_made_anew_and_a_bad_one_is_never_laundered()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.Write(MemH, [1, 2, 3, 4], TlpAttributes.Digest);
        rig.Run(() => rig.Device.Received.Count == 1);
        var view = Parse(rig.Device.Received[0]);
        Assert.True(view.HasDigest && view.HasValidEcrc);

        var length = new MemoryWrite(rig.Host.HostH, MemH, TlpAttributes.Digest).Write(_tlp, [1, 2, 3, 4]);
        _tlp[length - 5] ^= 1;
        rig.Host.Send(_tlp.AsSpan(0, length));
        length = new MemoryRead(rig.Host.HostH, new Tag(8), MemH, 4, TlpAttributes.Digest).Write(_tlp);
        _tlp[length - 1] ^= 1;
        rig.Host.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps[0].View.Status);
        Assert.Single(rig.Device.Received);
        Assert.Equal(2, rig.Status.Counters.BadEcrc);
        Assert.Equal(1, rig.Status.Counters.HostPostedDropped);
    }

    [Fact]
    public void Atomics_travel_both_ways()
    {
        var rig = new IoRig().StartAndPlug();
        var length = new AtomicRequest(TlpKind.FetchAdd, rig.Host.HostH, new Tag(3), MemH + 8).Write(_tlp, [1, 0, 0, 0, 0, 0, 0, 0]);
        rig.Host.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(rig.Device.Config.BarAddress(0) + 8, Parse(rig.Device.Received[0]).Address);
        Assert.Equal(8, rig.Host.Tlps[0].View.ByteCount);
        Assert.Equal(0, rig.Status.HostRequestsOutstanding);

        rig.Host.Tlps.Clear();
        length = new AtomicRequest(TlpKind.CompareAndSwap, rig.Device.Rid, new Tag(4), 0x1000).Write(_tlp, [1, 0, 0, 0, 2, 0, 0, 0]);
        rig.Device.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(rig.Host.VfH, rig.Host.Tlps[0].View.Requester);
        length = new Completion(rig.Host.HostH, rig.Host.VfH, new Tag(4), CompletionStatus.SuccessfulCompletion, 4).Write(_tlp, [1, 0, 0, 0]);
        rig.Host.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Device.Received.Count == 2);
        Assert.Equal(0, rig.Status.DmaRequestsOutstanding);
    }

    [Theory]
    [InlineData(MemH - 4, 4)]
    [InlineData(MemH32 + 0xFC, 8)]
    [InlineData(MemH32 + 0x100, 4)]
    [InlineData(0x1000UL, 4)]
    public void Row_9_a_request_that_no_window_takes_whole_ends_in_UR(ulong address, int bytes)
    {
        var small = TestDevice.Plain with { Bars = [TestDevice.Plain.Bars[0], new BarDescription(2, 0x100)] };
        var rig = new IoRig(devices: [new TestDevice(small)]).StartAndPlug();
        rig.Host.Read(address, bytes, tag: 6);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        var answer = rig.Host.Tlps[0].View;
        Assert.Equal(CompletionStatus.UnsupportedRequest, answer.Status);
        Assert.Equal(rig.Host.VfH, answer.Completer);
        Assert.Equal(rig.Host.HostH, answer.Requester);
        Assert.Equal(6, answer.Tag.Value);
        Assert.Empty(rig.Device.Received);
        Assert.Equal(1, rig.Status.Counters.HostUnsupportedRequests);
    }

    [Fact]
    public void Row_9_nothing_is_taken_while_memory_space_is_off()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable, 0b0011);
        rig.Host.Write(MemH, [1, 2, 3, 4]);
        rig.Host.Read(MemH, 4);
        rig.Run(() => rig.Host.Tlps.Count == 2);
        Assert.Contains(rig.Host.Tlps, t => t.View.Status == CompletionStatus.UnsupportedRequest);
        Assert.Empty(rig.Device.Received);
        Assert.Equal(1, rig.Status.Counters.HostPostedDropped);
    }

    [Fact]
    public void Row_9_errors_are_recorded_and_told_as_AER_says()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.ConfigWrite(rig.ShownPcieOffset() + PcieRegister.DeviceControl, 0xF, 0b0011);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        rig.Host.Tlps.Clear();
        rig.Host.Write(0x1000, [1, 2, 3, 4]);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        var message = rig.Host.Tlps[0].View;
        Assert.Equal(MessageCode.ErrNonFatal, message.MessageCode);
        Assert.Equal(rig.Host.VfH, message.Requester);
    }

    [Fact]
    public void Tags_of_10_bits_do_not_reach_a_completer_of_8()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.Read(MemH, 4, tag: 0x133);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps[0].View.Status);
        Assert.Equal(0x133, rig.Host.Tlps[0].View.Tag.Value);
        Assert.Empty(rig.Device.Received);

        var wide = new IoRig(devices: [new TestDevice(TestDevice.Plain with { Tag10BitCompleter = true })]).StartAndPlug();
        wide.Host.Read(MemH, 4, tag: 0x133);
        wide.Run(() => wide.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, wide.Host.Tlps[0].View.Status);
    }

    [Fact]
    public void A_tag_is_not_used_twice_before_its_final_completion()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Device.AnswersMemory = false;
        rig.Host.Read(MemH, 4, tag: 9);
        rig.Host.Read(MemH + 8, 4, tag: 9);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Host.Tlps[0].View.Status);
        Assert.Single(rig.Device.Received);
        Assert.Equal(1, rig.Status.HostRequestsOutstanding);
    }

    [Fact]
    public void Row_5_a_completion_gets_the_devices_ids_and_fits_its_MPS()
    {
        var rig = new IoRig().StartAndPlug();
        DeviceReads(rig, 0x1000, 1024, tag: 0x21);
        var data = Enumerable.Range(0, 1024).Select(i => (byte)(i / 4)).ToArray();
        var length = new Completion(rig.Host.HostH, rig.Host.VfH, new Tag(0x21), CompletionStatus.SuccessfulCompletion, 1024).Write(_tlp, data);
        rig.Host.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Device.Received.Sum(t => Parse(t).Payload.Length) == 1024);
        Assert.Equal(4, rig.Device.Received.Count);
        foreach (var tlp in rig.Device.Received)
        {
            Assert.Equal(rig.Device.Rid, Parse(tlp).Requester);
            Assert.Equal(HostIo, Parse(tlp).Completer);
            Assert.Equal(0x21, Parse(tlp).Tag.Value);
        }

        Assert.Equal(data, rig.Device.Received.SelectMany(t => Parse(t).Payload.ToArray()));
        Assert.Equal(0, rig.Status.DmaRequestsOutstanding);
    }

    [Fact]
    public void Row_5_a_completion_to_no_request_is_swallowed()
    {
        var rig = new IoRig().StartAndPlug();
        DeviceReads(rig, 0x1000, 8, tag: 1);
        Answer(rig, rig.Host.VfH, 2, 8);
        Answer(rig, new Rid(9, 9, 1), 1, 8);
        Answer(rig, rig.Host.VfH, 1, 4);
        rig.Settle();
        Assert.Empty(rig.Device.Received);
        Assert.Equal(3, rig.Status.Counters.UnexpectedCompletions);
        Answer(rig, rig.Host.VfH, 1, 8);
        Answer(rig, rig.Host.VfH, 1, 8);
        rig.Settle();
        Assert.Single(rig.Device.Received);
        Assert.Equal(4, rig.Status.Counters.UnexpectedCompletions);
    }

    [Fact]
    public void Row_7_a_hosts_message_to_its_function_has_both_ids_swapped()
    {
        var rig = new IoRig().StartAndPlug();
        var length = new Message(rig.Host.HostH, MessageCode.VendorDefinedType1, MessageRouting.ById, rig.Host.VfH).Write(_tlp);
        rig.Host.Send(_tlp.AsSpan(0, length));
        length = new Message(rig.Host.HostH, MessageCode.SetSlotPowerLimit, MessageRouting.Local).Write(_tlp);
        rig.Host.Send(_tlp.AsSpan(0, length));
        length = new Message(rig.Host.HostH, MessageCode.PmeTurnOff, MessageRouting.BroadcastFromRootComplex).Write(_tlp);
        rig.Host.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Device.Received.Count == 1 && rig.Host.Tlps.Count == 1);
        var view = Parse(rig.Device.Received[0]);
        Assert.Equal(HostIo, view.Requester);
        Assert.Equal(rig.Device.Rid, view.ConfigTarget);
        Assert.Equal(MessageCode.PmeToAck, rig.Host.Tlps[0].View.MessageCode);
        Assert.Equal(2, rig.Status.Counters.MessagesHidden);
    }

    [Fact]
    public void Only_the_owner_under_its_generation_gets_through()
    {
        var rig = new IoRig(2).Start();
        rig.Plug("nvme0", rig.Hosts[0]);
        var present = rig.Hosts[0].LastPresent;
        var write = _tlp.AsSpan(0, new MemoryWrite(rig.Host.HostH, MemH).Write(_tlp, [1, 2, 3, 4])).ToArray();
        rig.Hosts[1].Send(present.Function, present.Generation, write);
        rig.Hosts[0].Send(present.Function, present.Generation - 1, write);
        rig.Hosts[0].Send(77, present.Generation, write);
        rig.Settle();
        Assert.Empty(rig.Device.Received);
        Assert.Equal(2, rig.Status.Counters.WrongGeneration);
        Assert.Equal(1, rig.Bridge.Status().Counters.TlpsToUnknownFunctions);

        // One who waits for an answer gets one, under the generation it asked with.
        var read = _tlp.AsSpan(0, new MemoryRead(rig.Host.HostH, new Tag(1), MemH, 4).Write(_tlp)).ToArray();
        rig.Hosts[1].Send(present.Function, 5, read);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 1);
        Assert.Equal(5UL, rig.Hosts[1].Tlps[0].Generation);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Hosts[1].Tlps[0].View.Status);
    }

    [Fact]
    public void Row_8_the_boxes_own_configuration_traffic_has_a_reserved_id_and_stays_in_the_box()
    {
        var rig = new IoRig().Start();
        Assert.NotEmpty(rig.Device.ConfigReceived);
        Assert.All(rig.Device.ConfigReceived, t => Assert.Equal(DeviceConfigAccess.Reserved, Parse(t).Requester));
        Assert.Empty(rig.Host.Tlps);
    }

    private static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    private void DeviceReads(IoRig rig, ulong address, int bytes, ushort tag)
    {
        var length = new MemoryRead(rig.Device.Rid, new Tag(tag), address, bytes).Write(_tlp);
        rig.Device.Send(_tlp.AsSpan(0, length));
        rig.Run(() => rig.Host.Tlps.Count == 1);
        rig.Host.Tlps.Clear();
    }

    private void Answer(IoRig rig, Rid requester, ushort tag, int bytes)
    {
        var length = new Completion(rig.Host.HostH, requester, new Tag(tag), CompletionStatus.SuccessfulCompletion, bytes).Write(_tlp, new byte[bytes]);
        rig.Host.Send(_tlp.AsSpan(0, length));
    }
}
