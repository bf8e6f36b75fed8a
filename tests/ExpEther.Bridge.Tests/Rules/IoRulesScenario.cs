using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Rules;

/// <summary>The I/O bridge's column of the table, row by row, with three equal hosts on virtual functions of one device.</summary>
internal sealed class IoRulesScenario : RuleScenario
{
    private const ulong Interrupts = 0xFEE0_0000;
    private const int All = ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable;

    private readonly SharedOdd _shared = new(small: true);

    public override void Run(BrokenRule broken)
    {
        _shared.Rig.Bridge.Broken = broken;
        Rows1And2();
        Row3();
        Rows4To6();
        Row7();
        Row8();
        Windows();
        BusMaster();
        Assignments();
        Completions();
        TagsInUse();
        Digests();
        Era();
    }

    private static Rid HostIo(int host) => new(0xF0, host - 1, 0);

    private static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    private void Rows1And2()
    {
        for (var i = 1; i <= 3; i++)
        {
            _shared.Host(i).Write(SharedOdd.MemH + 0x2000, [(byte)(0xA0 + i), 1, 2, 3]);
            _shared.Host(i).Read(SharedOdd.MemH + 0x2000, 4, tag: 0x55);
        }

        Settle();
        for (var i = 1; i <= 3; i++)
        {
            var received = _shared.Vf(i).Received;
            Expect("row 1: a request reaches the host's own function", received.Count == 2);
            var place = _shared.Odd.SrIov.VfBarAddress(0) + (ulong)((i - 1) * OddSrIov.PageBytes) + 0x2000;
            Expect("row 1: its address is Mem_IO", Parse(received[0]).Address == place && Parse(received[1]).Address == place);
            Expect("row 1: its requester is Host_IO", Parse(received[0]).Requester == HostIo(i) && Parse(received[1]).Requester == HostIo(i));
            Expect("row 1: its tag stays", Parse(received[1]).Tag.Value == 0x55);

            var tlps = _shared.Host(i).Tlps;
            Expect("row 2: each host gets one answer", tlps.Count == 1 && tlps[0].View.IsCompletion);
            Expect("row 2: its requester is Host_H", tlps[0].View.Requester == _shared.Host(i).HostH);
            Expect("row 2: its completer is VF_H", tlps[0].View.Completer == _shared.Host(i).VfH);
            Expect("row 2: it is the host's own data", tlps[0].View.Payload[0] == 0xA0 + i && tlps[0].View.Tag.Value == 0x55);
        }

        ExpectNothingElsewhere("row 1");
    }

    private void Row3()
    {
        var host = _shared.Host(1);
        host.VfH = new Rid(6, 0, 0);
        _shared.Command(1, All);
        Expect("row 3: the function has the ID that a configuration write was sent to", host.Tlps.Single().View.Completer == new Rid(6, 0, 0));
        host.VfH = new Rid(5, 0, 0);
        _shared.Command(1, All);
        Expect("row 3: other hosts hear nothing of it", _shared.Host(2).Tlps.Count == 0 && _shared.Host(3).Tlps.Count == 0);

        _shared.Command(2, ConfigRegister.CommandMemorySpaceEnable);
        Expect("row 3: bus mastering goes off at the device", !_shared.Vf(2).Config.BusMasterEnable);
        Expect("row 3: and not at its siblings", _shared.Vf(1).Config.BusMasterEnable && _shared.Vf(3).Config.BusMasterEnable);
        _shared.Command(2, All);
        Expect("row 3: bus mastering goes on at the device", _shared.Vf(2).Config.BusMasterEnable);
        _shared.Forget();
    }

    private void Rows4To6()
    {
        for (var i = 1; i <= 3; i++)
        {
            var (rid, number) = (_shared.Vf(i).Config.Rid, (byte)i);
            _shared.Vf(i).Say(into => new MemoryWrite(rid, SharedOdd.HostMemory).Write(into, [number, 0, 0, 0]));
            _shared.Vf(i).Say(into => new MemoryRead(rid, new Tag(0x33), SharedOdd.HostMemory, 4).Write(into));
            _shared.Vf(i).Say(into => new MemoryWrite(rid, Interrupts).Write(into, [0x40, number, 0, 0]));
        }

        Settle();
        for (var i = 1; i <= 3; i++)
        {
            var tlps = _shared.Host(i).Tlps;
            Expect("row 4: each host gets what its own function sends, and no more", tlps.Count == 3 && tlps[0].View.Payload[0] == i);
            Expect("row 4: its requester is VF_H", tlps[0].View.Requester == _shared.Host(i).VfH && tlps[1].View.Requester == _shared.Host(i).VfH);
            Expect("row 4: its address and tag stay", tlps[1].View.Address == SharedOdd.HostMemory && tlps[1].View.Tag.Value == 0x33);
            Expect("row 6: an interrupt comes after the writes before it", tlps[2].View.Address == Interrupts && tlps[2].View.Payload[1] == i);
            Expect("row 6: its requester is VF_H", tlps[2].View.Requester == _shared.Host(i).VfH);
            Answer(i, 0x33, (byte)(0xD0 + i));
        }

        Settle();
        for (var i = 1; i <= 3; i++)
        {
            var received = _shared.Vf(i).Received;
            Expect("row 5: an answer reaches the function that asked", received.Count == 1 && Parse(received[0]).Payload[0] == 0xD0 + i);
            Expect("row 5: its requester is VF_IO", Parse(received[0]).Requester == _shared.Vf(i).Config.Rid);
            Expect("row 5: its completer is Host_IO", Parse(received[0]).Completer == HostIo(i));
        }

        ExpectNothingElsewhere("row 5");
    }

    private void Row7()
    {
        for (var i = 1; i <= 3; i++)
        {
            var (rid, host) = (_shared.Vf(i).Config.Rid, _shared.Host(i));
            _shared.Vf(i).Say(into => new Message(rid, MessageCode.ErrNonFatal, MessageRouting.ToRootComplex).Write(into));
            _shared.Send(i, into => new Message(host.HostH, MessageCode.VendorDefinedType1, MessageRouting.ById, host.VfH).Write(into));
        }

        Settle();
        for (var i = 1; i <= 3; i++)
        {
            var (tlps, received) = (_shared.Host(i).Tlps, _shared.Vf(i).Received);
            Expect("row 7: an error is told to the function's host", tlps.Count == 1 && tlps[0].View.MessageCode == MessageCode.ErrNonFatal);
            Expect("row 7: by VF_H", tlps[0].View.Requester == _shared.Host(i).VfH);
            Expect("row 7: a message reaches the host's own function", received.Count == 1 && Parse(received[0]).IsMessage);
            Expect("row 7: by Host_IO, for VF_IO",
                Parse(received[0]).Requester == HostIo(i) && Parse(received[0]).MessageTarget == _shared.Vf(i).Config.Rid);
        }

        ExpectNothingElsewhere("row 7");
    }

    private void Row8()
    {
        var rid = _shared.Odd.Physical.Config.Rid;
        _shared.Odd.Physical.Say(into => new MemoryWrite(rid, SharedOdd.HostMemory).Write(into, [1, 2, 3, 4]));
        _shared.Odd.Physical.Say(into => new MemoryRead(rid, new Tag(1), SharedOdd.HostMemory, 4).Write(into));
        Settle();
        Expect("row 8: what the physical function sends reaches no host", Array.TrueForAll(_shared.Hosts, h => h.Tlps.Count == 0));
        Expect("row 9: its read is refused and both are counted",
            Parse(_shared.Odd.Physical.Received.Single()).Status == CompletionStatus.UnsupportedRequest
            && _shared.Rig.Bridge.Status().Counters.DeviceTlpsFromUnknownRequesters == 2);
        _shared.Forget();
    }

    private void Windows()
    {
        _shared.SendAs(3, _shared.SmallAt.Function, _shared.SmallAt.Generation,
            into => new MemoryRead(default, new Tag(8), SharedOdd.MemH32 + SharedOdd.SmallBarBytes - 4, 8).Write(into));
        Settle();
        Expect("window: a request that a window does not take whole reaches nobody", _shared.Small.Received.Count == 0);
        ExpectRefusal(3, "window: it ends in UR");

        _shared.Host(2).Read(SharedOdd.MemH + OddSrIov.PageBytes, 4, tag: 9);
        Settle();
        ExpectRefusal(2, "window: a request past the window ends in UR");

        _shared.Host(2).Read(SharedOdd.MemH, 4, tag: 0x155);
        Settle();
        Expect("tags: one of 10 bits does not reach a completer of 8", _shared.Vf(2).Received.Count == 0);
        ExpectRefusal(2, "tags: it ends in UR");

        _shared.Command(2, ConfigRegister.CommandBusMasterEnable);
        _shared.Forget();
        _shared.Host(2).Read(SharedOdd.MemH, 4, tag: 10);
        Settle();
        Expect("MSE: without it no request reaches the function", _shared.Vf(2).Received.Count == 0);
        ExpectRefusal(2, "MSE: it ends in UR");
        _shared.Command(2, All);
        _shared.Forget();
        Expect("window: refusals are counted", _shared.CountersOf(2).HostUnsupportedRequests == 3);
        ExpectNothingElsewhere("window");
    }

    private void BusMaster()
    {
        _shared.Command(2, ConfigRegister.CommandMemorySpaceEnable);
        _shared.Forget();
        var rid = _shared.Vf(2).Config.Rid;
        _shared.Vf(2).Say(into => new MemoryWrite(rid, SharedOdd.HostMemory).Write(into, [1, 2, 3, 4]));
        _shared.Vf(2).Say(into => new MemoryRead(rid, new Tag(0x31), SharedOdd.HostMemory, 4).Write(into));
        Settle();
        Expect("BME: without it nothing reaches the host", Array.TrueForAll(_shared.Hosts, h => h.Tlps.Count == 0));
        Expect("BME: a read ends in UR", Parse(_shared.Vf(2).Received.Single()).Status == CompletionStatus.UnsupportedRequest);
        Expect("BME: both are counted", _shared.CountersOf(2) is { DmaUnsupportedRequests: 1, DmaPostedDropped: 1 });
        _shared.Command(2, All);
        _shared.Forget();
    }

    private void Assignments()
    {
        var (mine, yours) = (_shared.Host(1).LastPresent, _shared.Host(3).LastPresent);
        _shared.SendAs(1, mine.Function, mine.Generation - 1, into => new MemoryWrite(default, SharedOdd.MemH + 0x2000).Write(into, [7, 7, 7, 7]));
        Settle();
        Expect("generation: a TLP of another one does not reach the function", _shared.Vf(1).Received.Count == 0);
        _shared.SendAs(1, yours.Function, yours.Generation, into => new MemoryWrite(default, SharedOdd.MemH + 0x2000).Write(into, [7, 7, 7, 7]));
        Settle();
        Expect("owner: another host's TLP does not reach the function", _shared.Vf(3).Received.Count == 0);
        Expect("assignment: both are counted", _shared.CountersOf(1).WrongGeneration == 1 && _shared.CountersOf(3).WrongGeneration == 1);
        ExpectNothingElsewhere("assignment");
    }

    private void Completions()
    {
        Answer(2, 0x77, 1);
        Settle();
        Expect("outstanding: an answer to nothing does not reach the function", _shared.Vf(2).Received.Count == 0);
        var rid = _shared.Vf(2).Config.Rid;
        _shared.Vf(2).Say(into => new Completion(rid, HostIo(2), new Tag(0x66), CompletionStatus.SuccessfulCompletion).Write(into, [1, 2, 3, 4]));
        Settle();
        Expect("outstanding: an answer to nothing does not reach the host", _shared.Host(2).Tlps.Count == 0);
        Expect("outstanding: both are counted", _shared.CountersOf(2).UnexpectedCompletions == 2);
        ExpectNothingElsewhere("outstanding");
    }

    private void TagsInUse()
    {
        var rid = _shared.Vf(3).Config.Rid;
        _shared.Vf(3).Say(into => new MemoryRead(rid, new Tag(0x22), SharedOdd.HostMemory, 4).Write(into));
        _shared.Vf(3).Say(into => new MemoryRead(rid, new Tag(0x22), SharedOdd.HostMemory, 4).Write(into));
        Settle();
        Expect("tags: a device's is not used again before it is answered", _shared.Host(3).Tlps.Count == 1);
        Expect("tags: the second read ends in UR", Parse(_shared.Vf(3).Received.Single()).Status == CompletionStatus.UnsupportedRequest);
        _shared.Forget();

        _shared.Vf(3).IsDead = true;
        _shared.Host(3).Read(SharedOdd.MemH, 4, tag: 0x50);
        _shared.Host(3).Read(SharedOdd.MemH, 4, tag: 0x50);
        Settle();
        _shared.Vf(3).IsDead = false;
        Expect("tags: a host's is not used again before it is answered", _shared.Host(3).Tlps.Count == 1);
        ExpectRefusal(3, "tags: the second read ends in UR");
        ExpectNothingElsewhere("tags");
    }

    private void Digests()
    {
        _shared.Send(1, into => Spoilt(into, new MemoryWrite(default, SharedOdd.MemH + 0x2000, TlpAttributes.Digest)));
        Settle();
        Expect("ECRC: a host's TLP with a bad one does not reach the function", _shared.Vf(1).Received.Count == 0);
        var rid = _shared.Vf(1).Config.Rid;
        _shared.Vf(1).Say(into => Spoilt(into, new MemoryWrite(rid, SharedOdd.HostMemory, TlpAttributes.Digest)));
        Settle();
        Expect("ECRC: a device's TLP with a bad one does not reach the host", _shared.Host(1).Tlps.Count == 0);
        Expect("ECRC: both are counted", _shared.CountersOf(1).BadEcrc == 2);
        ExpectNothingElsewhere("ECRC");
    }

    private void Era()
    {
        var rid = _shared.Vf(1).Config.Rid;
        _shared.Vf(1).Say(into => new MemoryRead(rid, new Tag(0x44), SharedOdd.HostMemory, 4).Write(into));
        Settle();
        Expect("era: a read before a reset reaches the host", _shared.Host(1).Tlps.Count == 1);
        var control = _shared.Shown(1, CapabilityId.PciExpress) + PcieRegister.DeviceControl;
        var before = _shared.Vf(1).FunctionLevelResets;
        _shared.Host(1).ConfigWrite(control, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        _shared.Rig.Run(() => _shared.Vf(1).FunctionLevelResets > before);
        _shared.Rig.RunFor(TimeSpan.FromMilliseconds(300));
        _shared.Forget();
        Answer(1, 0x44, 1);
        Settle();
        Expect("era: the answer after the reset does not reach the function", _shared.Vf(1).Received.Count == 0);
        Expect("era: it is counted", _shared.CountersOf(1).StaleCompletions == 1);
        ExpectNothingElsewhere("era");
    }

    private static int Spoilt(Span<byte> into, in MemoryWrite write)
    {
        var length = write.Write(into, [1, 2, 3, 4]);
        into[length - 1] ^= 0x80;
        return length;
    }

    private void Answer(int host, ushort tag, byte value)
    {
        var (hostH, vfH) = (_shared.Host(host).HostH, _shared.Host(host).VfH);
        _shared.Send(host, into => new Completion(hostH, vfH, new Tag(tag), CompletionStatus.SuccessfulCompletion).Write(into, [value, 0, 0, 0]));
    }

    private void ExpectRefusal(int host, string what)
    {
        var tlps = _shared.Host(host).Tlps;
        Expect(what, tlps.Count == 1 && tlps[0].View.Status == CompletionStatus.UnsupportedRequest && tlps[0].View.Completer == _shared.Host(host).VfH);
        tlps.Clear();
    }

    private void ExpectNothingElsewhere(string row)
    {
        Expect($"{row}: nothing reaches the functions of nobody",
            _shared.Vf(4).Received.Count + _shared.Vf(5).Received.Count + _shared.Odd.Physical.Received.Count == 0);
        _shared.Forget();
    }

    private void Settle() => _shared.Rig.Settle();
}
