using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Bridge.Protocol;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>What is left over from an epoch or an assignment that has ended does nothing in the next one.</summary>
public sealed class OldGenerationTests
{
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    [Fact]
    public void A_host_that_is_another_at_every_start_is_never_out_of_requester_ids()
    {
        var rig = new IoRig().StartAndPlug();
        for (var start = 1; start <= 3 * IoBridgeLimits.HostRequestersMax; start++)
        {
            rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
            rig.Run(() => !rig.Bridge.Status().Hosts[0].Linked);
            var presents = rig.Host.Presents;
            rig.Host.Link.Open(rig.Now);
            rig.Run(() => rig.Host.Presents > presents);
            // An operating system numbers its buses as it finds them.
            rig.Host.HostH = new Rid(start, 0, 0);
            rig.Map(rig.Host);

            rig.Host.Read(0x80_0000_0000, 4);
            rig.Run(() => rig.Host.Tlps.Count == 1);
            Assert.Equal(TlpKind.CompletionWithData, rig.Host.Tlps[0].View.Kind);
        }

        Assert.Equal(0, rig.Status.Counters.HostUnsupportedRequests);
    }

    [Fact]
    public void A_configuration_write_that_waited_for_the_device_is_not_done_for_the_next_owner()
    {
        var rig = new IoRig(2, change: o => o with { CompletionTimeout = TimeSpan.FromSeconds(1) }).Start();
        rig.Plug("nvme0", rig.Hosts[0]);
        // The device keeps this one's completion to itself, so the next waits behind it.
        rig.Device.LosesNextConfigAnswer = true;
        rig.Hosts[0].ConfigWrite(ConfigRegister.Command, 0, 0b0011, tag: 1);
        rig.Hosts[0].ConfigWrite(ConfigRegister.CacheLineSize, 0x5A, 0b0001, tag: 2);
        rig.Settle();
        Assert.Empty(rig.Hosts[0].Tlps);

        Assert.True(rig.Await(rig.Bridge.MoveAsync("nvme0", "host2", force: true)).Ok);
        rig.RunFor(TimeSpan.FromSeconds(3));
        rig.Hosts[1].ConfigRead(ConfigRegister.CacheLineSize);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 1);
        Assert.Equal(0, rig.Hosts[1].Tlps[0].View.Payload[0]);
        Assert.Empty(rig.Hosts[0].Tlps);
    }

    [Fact]
    public void A_TLP_that_was_held_back_for_one_assignment_does_not_go_under_the_next()
    {
        var scheduler = new OwnerScheduler();
        var events = new EventLog();
        var changed = new OwnerSignal(scheduler);
        var device = new BusDevice("nvme0", new TestDevice(), 0);
        device.Place(1, 1);
        var function = new IoFunction("nvme0", device, new RealFunction
        {
            Rid = new Rid(1, 0, 0), Description = TestDevice.Plain, Bars = [], PciExpressOffset = 0, MsixOffset = 0, FlrCapable = true,
            Tag10BitCompleter = false, DeviceControl = 0, VendorCapabilities = [],
        });
        device.Add(function);
        var session = new HostSession(
            0, new IoHostOptions { Name = "host1", Vlan = new(11), Mac = IoRig.HostMac(0), Key = IoRig.Key },
            new LinkOptions { Local = IoRig.BoxMac, Peer = IoRig.HostMac(0), Vlan = new(11), Role = LinkRole.Initiator, PreSharedKey = IoRig.Key },
            new Deaf(), new SeededRandom(1), events);
        var traffic = new DeviceToHost(new DeviceConfigAccess(scheduler, TimeSpan.FromSeconds(1)), changed, events, _ => { });
        function.Open(session, 7);
        var length = new MemoryWrite(new Rid(1, 0, 0), 0x1000).Write(_tlp, [1, 2, 3, 4]);
        _tlp.AsSpan(0, length).CopyTo(device.Hand.Buffer);
        device.Hand.Begin(length);
        device.Hand.IsTranslated = true;
        device.Hand.Generation = 7;
        OutputPacing.Hold(device, function, Instant.Zero);

        function.Close(FunctionState.Idle);
        function.Open(session, 8);
        traffic.Pump(device, Instant.Zero);

        Assert.Equal((0, 1), (function.Output.Count, function.Counters.DmaPostedDropped));
    }

    private sealed class Deaf : ISessionEvents
    {
        public void OnTlp(HostSession session, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
        {
        }

        public void OnControl(HostSession session, in ControlHeader header, ReadOnlySpan<byte> message, Instant now)
        {
        }

        public void OnUp(HostSession session, Instant now)
        {
        }

        public void OnDown(HostSession session, LinkDownReason reason, Instant now)
        {
        }
    }
}
