using System.Buffers.Binary;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>
/// A host that shares a device with others and tries to reach what is theirs. Every attempt ends in UR or in nothing, is counted, and is not
/// noticed by anyone else.
/// </summary>
public sealed class HostileSharerTests
{
    private const int Victim = 1;
    private const int Rogue = 2;

    private readonly SharedOdd _shared = new(small: true);
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    private ScriptedHost RogueHost => _shared.Host(Rogue);

    private OddFunction RogueVf => _shared.Vf(Rogue);

    [Fact]
    public void BARs_over_others_windows_are_windows_to_its_own_function()
    {
        var (aperture, aperture32) = (_shared.Odd.SrIov.VfBarAddress(0), (uint)_shared.Odd.SrIov.VfBarAddress(3));
        var value = 0x10;
        ulong[] places =
        [
            aperture, aperture + (2 * OddSrIov.PageBytes), _shared.Odd.Physical.Config.BarAddress(0), _shared.Small.Config.BarAddress(0),
        ];
        foreach (var place in places)
        {
            _shared.Map(Rogue, place, aperture32);
            _shared.Forget();
            RogueHost.Write(place + 0x200, [(byte)++value, 0, 0, 0]);
            RogueHost.Read(place + 0x200, 4, tag: 5);
            _shared.Rig.Settle();
            Assert.Equal(value, Assert.Single(RogueHost.Tlps).View.Payload[0]);
            Assert.Equal((value, 2), (RogueVf.Memory[0x200], RogueVf.Received.Count));
            ExpectNobodyElseReached();
        }

        RogueHost.Write(aperture32 + 4, [0xEE, 0xEE, 0xEE, 0xEE]);
        _shared.Rig.Settle();
        Assert.Equal(3, RogueVf.Received.Count);
        ExpectNobodyElseReached();
        ExpectVictimAtWork();
    }

    [Fact]
    public void Requests_outside_its_windows_end_in_UR_and_reach_nobody()
    {
        var before = _shared.CountersOf(Rogue);
        var aperture = _shared.Odd.SrIov.VfBarAddress(0);
        ulong[] addresses =
        [
            SharedOdd.MemH + OddSrIov.PageBytes, SharedOdd.MemH - 4, SharedOdd.MemH + (5 * OddSrIov.PageBytes) - 4, SharedOdd.MemH32 + OddSrIov.PageBytes,
            aperture, aperture + OddSrIov.PageBytes, aperture + (6 * OddSrIov.PageBytes) - 4, aperture + (6 * OddSrIov.PageBytes),
            _shared.Odd.Physical.Config.BarAddress(0), _shared.Small.Config.BarAddress(0), 0, SharedOdd.HostMemory, 0xFEE0_0000,
        ];
        ushort tag = 0;
        foreach (var address in addresses)
        {
            RogueHost.Write(address, [1, 2, 3, 4]);
            RogueHost.Read(address, 4, tag++);
            var swap = tag++;
            _shared.Send(Rogue, into => new AtomicRequest(TlpKind.Swap, default, new Tag(swap), address).Write(into, [1, 2, 3, 4]));
        }

        _shared.Rig.Settle();
        Assert.Equal(tag, RogueHost.Tlps.Count);
        Assert.All(RogueHost.Tlps, t => Assert.Equal(CompletionStatus.UnsupportedRequest, t.View.Status));
        Assert.Empty(RogueVf.Received);
        Assert.Empty(_shared.Small.Received);
        ExpectNobodyElseReached();
        var after = _shared.CountersOf(Rogue);
        Assert.Equal(
            (tag, addresses.Length), (after.HostUnsupportedRequests - before.HostUnsupportedRequests, after.HostPostedDropped - before.HostPostedDropped));
        ExpectVictimAtWork();
    }

    [Fact]
    public void Under_another_functions_number_nothing_gets_through()
    {
        foreach (var victim in new[] { 1, 3 })
        {
            _shared.Forget();
            var asked = _shared.Vf(victim).Asked;
            var present = _shared.Host(victim).LastPresent;
            SendOneOfEach(present.Function, present.Generation);
            _shared.Rig.Settle();
            Assert.Equal([1, 2, 3], RogueHost.Tlps.Select(t => (int)t.View.Tag.Value).Order());
            Assert.All(RogueHost.Tlps, t => Assert.Equal(CompletionStatus.UnsupportedRequest, t.View.Status));
            Assert.Equal((0, asked), (_shared.Vf(victim).Received.Count, _shared.Vf(victim).Asked));
            Assert.Equal((5L, 1L), (_shared.CountersOf(victim).WrongGeneration, _shared.CountersOf(victim).StaleCompletions));
            Assert.Contains(
                _shared.Rig.Events.Lines,
                l => l.Contains($"odd0.vf{victim}: host host2 sends TLPs to a function that it does not own", StringComparison.Ordinal));
        }

        // Its own function under others' generations, and numbers that nobody or no host has.
        var (mine, theirs) = (RogueHost.LastPresent, _shared.Host(Victim).LastPresent);
        SendOneOfEach(mine.Function, theirs.Generation);
        _shared.Rig.Settle();
        Assert.Equal((5L, 1L), (_shared.CountersOf(Rogue).WrongGeneration, _shared.CountersOf(Rogue).StaleCompletions));
        for (ushort number = 100; number < 150; number++)
        {
            SendOneOfEach(number, mine.Generation);
            _shared.Rig.Settle();
        }

        Assert.Equal(300, _shared.Rig.Bridge.Status().Counters.TlpsToUnknownFunctions);
        Assert.Empty(RogueVf.Received);
        ExpectNobodyElseReached();
        ExpectVictimAtWork();
    }

    [Fact]
    public void Requester_IDs_and_tags_of_others_get_nothing_that_is_theirs()
    {
        // The victim waits for an answer, under the very tag that the rogue uses.
        _shared.Vf(Victim).IsDead = true;
        _shared.Host(Victim).Read(SharedOdd.MemH, 4, tag: 0x55);
        _shared.Rig.Settle();
        Rid[] claimed = [new(0xF0, 0, 0), _shared.Vf(Victim).Config.Rid, _shared.Odd.Physical.Config.Rid, new(0, 0, 0), _shared.Host(Victim).VfH];
        foreach (var rid in claimed)
        {
            RogueHost.Tlps.Clear();
            _shared.Send(Rogue, into => new MemoryRead(rid, new Tag(0x55), SharedOdd.MemH + 0x2000, 4).Write(into));
            _shared.Rig.Settle();

            // Whoever it says it is, it is itself to the device, and the answer is its own.
            Assert.Equal(rid, Assert.Single(RogueHost.Tlps).View.Requester);
            Assert.Equal(new Rid(0xF0, 1, 0).Value & 0xFFF8, Parse(RogueVf.Received[^1]).Requester.Value & 0xFFF8);
        }

        Assert.Empty(_shared.Host(Victim).Tlps);
        Assert.Equal(1, _shared.Rig.StatusOf("odd0.vf1").HostRequestsOutstanding);

        // More of them than a host may have are refused.
        for (var device = 1; device <= 10; device++)
        {
            var rid = new Rid(9, device, 0);
            _shared.Send(Rogue, into => new MemoryRead(rid, new Tag(0x56), SharedOdd.MemH, 4).Write(into));
        }

        _shared.Rig.Settle();
        Assert.Equal(10 - (8 - claimed.Length), _shared.CountersOf(Rogue).HostUnsupportedRequests);
        Assert.Empty(_shared.Host(Victim).Tlps);
        ExpectNobodyElseReached();
    }

    [Fact]
    public void Completions_of_others_requests_are_nobodys()
    {
        var rid = _shared.Vf(Victim).Config.Rid;
        _shared.Vf(Victim).Say(into => new MemoryRead(rid, new Tag(0x33), SharedOdd.HostMemory, 4).Write(into));
        _shared.Rig.Settle();
        var present = _shared.Host(Victim).LastPresent;
        Complete(RogueHost.VfH, 0x33, _shared.Host(Rogue).LastPresent.Function, _shared.Host(Rogue).LastPresent.Generation);
        Complete(rid, 0x33, _shared.Host(Rogue).LastPresent.Function, _shared.Host(Rogue).LastPresent.Generation);
        Complete(RogueHost.VfH, 0x33, present.Function, present.Generation);
        Complete(rid, 0x33, present.Function, present.Generation);
        _shared.Rig.Settle();

        Assert.Empty(_shared.Vf(Victim).Received);
        Assert.Empty(RogueVf.Received);
        Assert.Equal((2L, 2L), (_shared.CountersOf(Rogue).UnexpectedCompletions, _shared.CountersOf(Victim).StaleCompletions));
        Assert.Equal(1, _shared.Rig.StatusOf("odd0.vf1").DmaRequestsOutstanding);

        _shared.Send(Victim, into => new Completion(default, _shared.Host(Victim).VfH, new Tag(0x33), CompletionStatus.SuccessfulCompletion)
            .Write(into, [0x77, 0, 0, 0]));
        _shared.Rig.Settle();
        Assert.Equal(0x77, Parse(Assert.Single(_shared.Vf(Victim).Received)).Payload[0]);
    }

    [Fact]
    public void Configuration_requests_reach_no_registers_but_the_virtual_ones_of_its_own_function()
    {
        var control = _shared.Odd.SrIov.Offset + SrIovRegister.Control;
        var asked = Asked();
        Rid[] targets = [_shared.Vf(Victim).Config.Rid, RogueVf.Config.Rid, _shared.Odd.Physical.Config.Rid, new(5, 0, 0), new(5, 0, 1)];
        byte tag = 0;
        foreach (var target in targets)
        {
            var type1 = target != new Rid(5, 0, 1);
            _shared.Send(Rogue, into => new ConfigWrite(default, new Tag(tag), target, control, type1, 0).Write(into));
            tag++;
            _shared.Send(Rogue, into => new ConfigRead(default, new Tag(tag), target, control, type1).Write(into));
            tag++;
        }

        _shared.Rig.Settle();
        Assert.Equal(tag, RogueHost.Tlps.Count);
        Assert.All(RogueHost.Tlps, t => Assert.Equal(CompletionStatus.UnsupportedRequest, t.View.Status));
        Assert.Equal(tag, _shared.CountersOf(Rogue).HostUnsupportedRequests);
        Assert.Equal((asked, true), (Asked(), _shared.Odd.SrIov.VfEnable));

        // In its own function's name it writes zeros wherever the SR-IOV capability may be: to what it is shown, and that is not the device's.
        for (var register = 0x100; register < 0x1000; register += 4)
        {
            RogueHost.ConfigWrite(register, 0);
            _shared.Rig.Settle();
        }

        Assert.Equal((asked, true), (Asked(), _shared.Odd.SrIov.VfEnable));
        ExpectVictimAtWork();
    }

    [Fact]
    public void Interrupts_and_DMA_to_others_places_go_to_its_own_host()
    {
        var places = new[] { 0xFEE0_0000, SharedOdd.HostMemory, _shared.Odd.SrIov.VfBarAddress(0), _shared.Odd.Physical.Config.BarAddress(0) };
        for (var vector = 0; vector < places.Length; vector++)
        {
            var entry = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, places[vector]);
            entry[8] = (byte)(0x40 + vector);
            RogueHost.Write(SharedOdd.MemH32 + (16 * (uint)vector), entry);
        }

        RogueHost.ConfigWrite(_shared.Shown(Rogue, CapabilityId.Msix), 0x8000_0000, 0b1000);
        _shared.Rig.Settle();
        _shared.Forget();
        for (var i = 0; i < places.Length; i++)
        {
            Tell(places[i], 64, OddFunction.Write | 1);
            Tell(0, 0, OddFunction.Interrupt | ((uint)i << 16) | 1);
        }

        _shared.Rig.Settle();
        Assert.Equal(places.SelectMany(p => new[] { p, p }), RogueHost.Tlps.Select(t => t.View.Address));
        Assert.All(RogueHost.Tlps, t => Assert.Equal(RogueHost.VfH, t.View.Requester));
        Assert.Empty(_shared.Host(Victim).Tlps);
        Assert.Empty(_shared.Host(3).Tlps);
        ExpectNobodyElseReached();
        ExpectVictimAtWork();
    }

    [Fact]
    public void Messages_reach_its_own_function_or_nobody()
    {
        Rid[] targets = [_shared.Vf(Victim).Config.Rid, _shared.Odd.Physical.Config.Rid, RogueHost.VfH];
        foreach (var target in targets)
        {
            _shared.Send(Rogue, into => new Message(default, MessageCode.VendorDefinedType0, MessageRouting.ById, target).Write(into));
        }

        foreach (var code in new[] { MessageCode.PmeTurnOff, MessageCode.Unlock, MessageCode.SetSlotPowerLimit, MessageCode.ErrFatal })
        {
            _shared.Send(Rogue, into => new Message(default, code, MessageRouting.BroadcastFromRootComplex).Write(into));
        }

        _shared.Rig.Settle();
        Assert.Equal(targets.Length, RogueVf.Received.Count);
        Assert.All(RogueVf.Received, t => Assert.Equal(RogueVf.Config.Rid, Parse(t).MessageTarget));
        Assert.Equal(4, _shared.CountersOf(Rogue).MessagesHidden);
        Assert.Empty(_shared.Host(Victim).Tlps);
        ExpectNobodyElseReached();
        ExpectVictimAtWork();
    }

    private static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    private int Asked() => _shared.Odd.Physical.Asked + _shared.Odd.Vfs.Sum(vf => vf.Asked);

    /// <summary>A write, a read, a configuration write and read, a message and a completion; tags 1 to 3 are owed an answer.</summary>
    private void SendOneOfEach(ushort function, ulong generation)
    {
        var vfH = RogueHost.VfH;
        TlpWriter[] all =
        [
            into => new MemoryWrite(default, SharedOdd.MemH + 0x2000).Write(into, [6, 6, 6, 6]),
            into => new MemoryRead(default, new Tag(1), SharedOdd.MemH, 4).Write(into),
            into => new ConfigWrite(default, new Tag(2), vfH, ConfigRegister.Command, false, 0, 3).Write(into),
            into => new ConfigRead(default, new Tag(3), vfH, 0, false).Write(into),
            into => new Message(default, MessageCode.VendorDefinedType1, MessageRouting.ById, vfH).Write(into),
        ];
        foreach (var write in all)
        {
            _shared.SendAs(Rogue, function, generation, write);
        }

        Complete(vfH, 0x33, function, generation);
    }

    private void Complete(Rid requester, ushort tag, ushort function, ulong generation) => _shared.SendAs(
        Rogue, function, generation, into => new Completion(default, requester, new Tag(tag), CompletionStatus.SuccessfulCompletion).Write(into, [6, 6, 6, 6]));

    private void Tell(ulong address, int bytes, uint doorbell) => _shared.Tell(Rogue, address, bytes, doorbell);

    private void ExpectNobodyElseReached() => Assert.Equal((0, 0), (_shared.ReceivedByOthers(Rogue), _shared.Small.Received.Count));

    private void ExpectVictimAtWork()
    {
        _shared.Forget();
        var host = _shared.Host(Victim);
        var length = new MemoryWrite(host.HostH, SharedOdd.MemH + 0x3000).Write(_tlp, [0xCA, 0xFE, 0, 0]);
        host.Send(_tlp.AsSpan(0, length));
        host.Read(SharedOdd.MemH + 0x3000, 4, tag: 0x70);
        _shared.Rig.Settle();
        Assert.Equal(0xCA, Assert.Single(host.Tlps).View.Payload[0]);
        Assert.Equal("host1", _shared.Rig.StatusOf("odd0.vf1").Owner);
    }
}
