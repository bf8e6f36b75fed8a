using System.Buffers.Binary;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Protocol;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>A host that holds its key and keeps no rule, beside one that behaves: it is bounded, counted, and hurts nobody but itself.</summary>
public class HostileHostTests
{
    private const ulong MemH = 0x80_0000_0000;

    private readonly IoRig _rig = new(2, [new TestDevice(), new TestDevice()]);
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly PresentMessage _victim;

    public HostileHostTests()
    {
        _rig.Start();
        _rig.Plug("nvme0", _rig.Hosts[0]);
        _victim = _rig.Hosts[0].LastPresent;
        _rig.Plug("nvme1", _rig.Hosts[1]);
    }

    private ScriptedHost Rogue => _rig.Hosts[1];

    [Fact]
    public void More_requests_than_tags_are_refused_counted_and_bounded()
    {
        _rig.Devices[1].AnswersMemory = false;
        Rogue.OnlyCounts = true;
        var (sent, before) = (0, Rogue.Counted);
        for (var requester = 0; requester < 16; requester++)
        {
            for (ushort tag = 0; tag < 255; tag++)
            {
                var length = new MemoryRead(new Rid(0, requester, 0), new Tag(tag), MemH, 4).Write(_tlp);
                Rogue.Send(_tlp.AsSpan(0, length));
                sent++;
            }

            _rig.Settle();
        }

        // Four requester IDs fill the table; eight is what one host may have; the rest ends at once.
        var counters = _rig.StatusOf("nvme1").Counters;
        Assert.Equal(IoBridgeLimits.HostRequestsPerFunctionMax, sent - counters.HostUnsupportedRequests);
        Assert.Equal(sent - IoBridgeLimits.HostRequestsPerFunctionMax, Rogue.Counted - before);
        ExpectTheOtherUnharmed();
    }

    [Fact]
    public void More_configuration_requests_than_may_wait_are_refused()
    {
        _rig.Devices[1].AnswersConfig = false;
        for (var i = 0; i < 1000; i++)
        {
            Rogue.ConfigWrite(4, i % 2 == 0 ? 2U : 6, 3, (byte)i);
        }

        _rig.Settle();
        Assert.True(Rogue.Tlps.Count(t => t.View.Status == CompletionStatus.UnsupportedRequest) >= 1000 - IoBridgeLimits.ConfigWaitingPerFunctionMax - 1);
        ExpectTheOtherUnharmed();
    }

    [Fact]
    public void Posted_writes_without_end_are_sunk_and_the_other_host_is_served()
    {
        _rig.Devices[1].OnlyCounts = true;
        var length = new MemoryWrite(Rogue.HostH, MemH).Write(_tlp, new byte[1024]);
        var sent = 0;
        for (var turn = 0; turn < 300; turn++)
        {
            while (Rogue.Link.HasRoom(TlpClass.Posted))
            {
                Rogue.Send(_tlp.AsSpan(0, length));
                sent++;
            }

            _rig.Step();
        }

        Assert.True(sent > 1000);
        var before = _rig.Hosts[0].Tlps.Count;
        _rig.Hosts[0].Read(MemH, 4);
        for (var turn = 0; turn < 50 && _rig.Hosts[0].Tlps.Count == before; turn++)
        {
            while (Rogue.Link.HasRoom(TlpClass.Posted))
            {
                Rogue.Send(_tlp.AsSpan(0, length));
            }

            _rig.Step();
        }

        Assert.Equal(before + 1, _rig.Hosts[0].Tlps.Count);
    }

    [Fact]
    public void Control_messages_that_say_nothing_are_counted_and_nothing_is_believed()
    {
        var before = _rig.Bridge.Status();
        var message = new byte[64];
        for (var kind = 0; kind < 256; kind++)
        {
            message[0] = (byte)kind;
            Assert.True(Rogue.Link.TrySendControl(message));
            Assert.True(Rogue.Link.TrySendControl(message.AsSpan(0, 3)));
            _rig.Settle();
        }

        var after = _rig.Bridge.Status();
        Assert.Equal(512, after.Counters.StaleAnswers - before.Counters.StaleAnswers);
        Assert.Equal(before.Functions.Select(f => (f.Owner, f.Generation, f.State)), after.Functions.Select(f => (f.Owner, f.Generation, f.State)));
    }

    [Fact]
    public void Nobody_lets_go_or_refuses_what_another_owns()
    {
        Rogue.SayPoweredOff(_victim.Function, _victim.Generation);
        var scratch = new byte[64];
        Assert.True(
            Rogue.Link.TrySendControl(scratch.AsSpan(0, new RefusedMessage(_victim.Function, _victim.Generation, RefusalReason.NoFreeSlot).Write(scratch))));
        Assert.True(Rogue.Link.TrySendControl(scratch.AsSpan(
            0, new PluggedMessage(_victim.Function, _victim.Generation, 9, new Rid(9, 9, 0), new Rid(8, 8, 0)).Write(scratch))));
        _rig.RunFor(TimeSpan.FromSeconds(2));

        Assert.Equal(3, _rig.Bridge.Status().Counters.StaleAnswers);
        Assert.Equal(("host1", _victim.Generation, 1), (_rig.StatusOf("nvme0").Owner, _rig.StatusOf("nvme0").Generation, _rig.StatusOf("nvme0").Slot));
        ExpectTheOtherUnharmed();
    }

    [Fact]
    public void A_refusal_after_it_was_plugged_costs_the_liar_its_function_and_nobody_else_anything()
    {
        var present = Rogue.LastPresent;
        var scratch = new byte[64];
        Assert.True(
            Rogue.Link.TrySendControl(scratch.AsSpan(0, new RefusedMessage(present.Function, present.Generation, RefusalReason.NoFreeSlot).Write(scratch))));
        _rig.Settle();

        var write = new MemoryWrite(_rig.Devices[1].Rid, 0x1000).Write(_tlp, new byte[64]);
        _rig.Devices[1].Send(_tlp.AsSpan(0, write));
        _rig.Settle();
        Assert.DoesNotContain(Rogue.Tlps, t => t.View.Kind == TlpKind.MemoryWrite);

        // Whoever gets it next gets it reset.
        var resets = _rig.Devices[1].FunctionLevelResets;
        var moved = _rig.Await(_rig.Bridge.MoveAsync("nvme1", "host1"));
        Assert.True(moved.Ok, moved.Message);
        Assert.True(_rig.Devices[1].FunctionLevelResets > resets);
        ExpectTheOtherUnharmed();
    }

    [Fact]
    public void A_message_too_long_for_the_next_link_is_dropped_either_way()
    {
        // 1024 B to a device of 128 or 256 B; 2048 B from a device to a link of 1024 B.
        Rogue.Send(VendorMessage(Rogue.HostH, 1024));
        _rig.Devices[1].Send(VendorMessage(_rig.Devices[1].Rid, 2048));
        _rig.Settle();

        Assert.Empty(_rig.Devices[1].Received);
        Assert.Empty(Rogue.Tlps);
        Assert.Equal(2, _rig.StatusOf("nvme1").Counters.MessagesHidden);
        ExpectTheOtherUnharmed();
    }

    private void ExpectTheOtherUnharmed()
    {
        var host = _rig.Hosts[0];
        host.Tlps.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(_rig.Devices[0].Memory(0)[0x40..], 0xCAFE_F00D);
        var read = new MemoryRead(host.HostH, new Tag(200), MemH + 0x40, 4).Write(_tlp);
        host.Send(_victim.Function, _victim.Generation, _tlp.AsSpan(0, read));
        _rig.Run(() => host.Tlps.Count == 1);
        Assert.Equal(0xCAFE_F00D, BinaryPrimitives.ReadUInt32LittleEndian(host.Tlps[0].View.Payload));
    }

    /// <summary>Vendor_Defined Type 1 with data, to the root complex or, from a host, to whoever is below.</summary>
    private static byte[] VendorMessage(Rid requester, int bytes)
    {
        var tlp = new byte[16 + bytes];
        var length = new Message(requester, MessageCode.VendorDefinedType1, MessageRouting.ToRootComplex).Write(tlp);
        Assert.Equal(16, length);
        tlp[0] |= 0x40;
        tlp[2] = (byte)((bytes / 4) >> 8);
        tlp[3] = (byte)(bytes / 4);
        return tlp;
    }
}
