using System.Net;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Switch;
using ExpEther.Ethernet.Tests.Lab;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Switch;

public class SwitchProcessTests
{
    private const int TurnsMax = 1_000_000;

    private static readonly IPEndPoint AnyFree = new(IPAddress.Loopback, 0);

    public SwitchProcessTests() => NetworkLab.RequireLoopback();

    [Fact]
    public void Two_hosts_and_a_box_meet_over_UDP_only_in_their_VLANs()
    {
        var (p1, p2, p3) = (new UdpPort(AnyFree), new UdpPort(AnyFree), new UdpPort(AnyFree));
        using var fabric = new RunningSwitch(
            new SwitchProcessPort("host1", p1, SwitchPortMode.Trunk(Vlan10)),
            new SwitchProcessPort("host2", p2, SwitchPortMode.Trunk(Vlan20)),
            new SwitchProcessPort("box", p3, SwitchPortMode.TrunkOfAll));
        using var host1 = new UdpPort(AnyFree, [p1.Local]);
        using var host2 = new UdpPort(AnyFree, [p2.Local]);
        using var box = new UdpPort(AnyFree, [p3.Local]);

        Introduce(fabric, (host1, MacA, Vlan10), (host2, MacB, Vlan20));
        host1.TrySend(Make(MacAddress.Broadcast, MacA, Vlan10, "announce 1"u8));
        host2.TrySend(Make(MacAddress.Broadcast, MacB, Vlan20, "announce 2"u8));

        // The box has not spoken yet: the switch cannot know where it is.
        fabric.WaitUntil(s => s.Ports[2].FramesOut >= 4);
        box.TrySend(Make(MacA, MacC, Vlan10, "to host 1"u8));
        box.TrySend(Make(MacB, MacC, Vlan20, "to host 2"u8));
        Assert.Equal("to host 1"u8.ToArray(), Next(host1)?.Payload);
        Assert.Equal("to host 2"u8.ToArray(), Next(host2)?.Payload);
        host1.TrySend(Make(MacC, MacA, Vlan10, "answer"u8));
        Assert.Equal("answer"u8.ToArray(), Next(box)?.Payload);
        host1.TrySend(Make(MacB, MacA, Vlan20, "intruder"u8));
        fabric.WaitUntil(s => s.Ports[0].Drops.TryGetValue(SwitchDropReason.WrongVlan, out var drops) && drops == 1);
        Assert.Null(TryTake(host2));
    }

    [Fact]
    public void Faults_are_set_while_it_runs_and_unknown_ports_refused()
    {
        var (p1, p2) = (new UdpPort(AnyFree), new UdpPort(AnyFree));
        using var one = new UdpPort(AnyFree, [p1.Local]);
        using var two = new UdpPort(AnyFree, [p2.Local]);
        using var fabric = new RunningSwitch(
            new SwitchProcessPort("one", p1, SwitchPortMode.TrunkOfAll), new SwitchProcessPort("two", p2, SwitchPortMode.TrunkOfAll));
        Introduce(fabric, (one, MacA, Vlan10), (two, MacB, Vlan10));
        Assert.NotNull(Next(one));

        Assert.False(fabric.Do(s => s.Cut("three")));
        Assert.True(fabric.Do(s => s.Cut("two")));
        one.TrySend(Make(MacB, MacA, Vlan10, "lost"u8));
        fabric.WaitUntil(s => s.Ports[1].Drops.TryGetValue(SwitchDropReason.Cut, out var drops) && drops == 1);
        Assert.True(fabric.Do(s => s.Heal("two")));
        Assert.True(fabric.Do(s => s.SetDelay("two", TimeSpan.FromMilliseconds(5))));
        one.TrySend(Make(MacB, MacA, Vlan10, "kept"u8));
        Assert.Equal("kept"u8.ToArray(), Next(two)?.Payload);
        Assert.Null(TryTake(two));
    }

    [Fact]
    public void Real_cables_are_switched_by_VLAN_and_MAC() => NetworkLab.Run(lab =>
    {
        foreach (var name in new[] { "h1", "h2", "io" })
        {
            lab.Cable(name, $"{name}-sw", mtuBytes: 9000);
        }

        using var fabric = new SwitchProcess(
            [
                new SwitchProcessPort("h1", new PacketSocketPort("h1-sw"), SwitchPortMode.Trunk(Vlan10)),
                new SwitchProcessPort("h2", new PacketSocketPort("h2-sw"), SwitchPortMode.Access(Vlan20)),
                new SwitchProcessPort("io", new PacketSocketPort("io-sw"), SwitchPortMode.TrunkOfAll),
            ],
            new SeededRandom(1));
        using var h1 = new PacketSocketPort("h1", [MacA]);
        using var h2 = new PacketSocketPort("h2", [MacB]);
        using var io = new PacketSocketPort("io", [MacC]);

        var payload = Payload(9000);
        h1.TrySend(Make(MacC, MacA, Vlan10, payload));
        Assert.Equal((Vlan10, 9000), Expect(fabric, io));
        h2.TrySend(Make(MacC, MacB, VlanId.None, payload));
        Assert.Equal((Vlan20, 9000), Expect(fabric, io));
        io.TrySend(Make(MacA, MacC, Vlan10, payload));
        Assert.Equal((Vlan10, 9000), Expect(fabric, h1));
        io.TrySend(Make(MacB, MacC, Vlan20, payload));
        Assert.Equal((VlanId.None, 9000), Expect(fabric, h2));
        Assert.Null(TryTake(h1));
    });

    [Fact]
    public void A_turn_over_UDP_allocates_nothing()
    {
        var (p1, p2) = (new UdpPort(AnyFree), new UdpPort(AnyFree));
        using var one = new UdpPort(AnyFree, [p1.Local]);
        using var two = new UdpPort(AnyFree, [p2.Local]);
        using var fabric = new SwitchProcess(
            [new SwitchProcessPort("one", p1, SwitchPortMode.TrunkOfAll), new SwitchProcessPort("two", p2, SwitchPortMode.TrunkOfAll)],
            new SeededRandom(1));
        var now = Linux.Time.MonotonicClock.Now;
        two.TrySend(Make(MacA, MacB, Vlan10, "here"u8));
        for (var turns = 0; !fabric.Turn(now) && turns < TurnsMax; turns++)
        {
        }

        var frame = Make(MacB, MacA, Vlan10, Payload(500));
        void Pass()
        {
            one.TrySend(frame);
            for (var turns = 0; turns < TurnsMax; turns++)
            {
                fabric.Turn(now);
                if (two.TryReceive(out _))
                {
                    two.Release();
                    return;
                }
            }

            Assert.Fail("no frame came out of the switch");
        }

        for (var i = 0; i < 100; i++)
        {
            Pass();
        }

        Assert.Equal(0, Allocations.FewestOf(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                Pass();
            }
        }));
    }

    /// <summary>Each station in turn says a word to nobody, so that the switch knows its endpoint and address.</summary>
    private static void Introduce(RunningSwitch fabric, params (UdpPort Port, MacAddress Mac, VlanId Vlan)[] stations)
    {
        var nobody = new MacAddress(0x02_00_00_00_00_FF);
        for (var i = 0; i < stations.Length; i++)
        {
            var (port, mac, vlan) = stations[i];
            port.TrySend(Make(nobody, mac, vlan, "hello"u8));
            fabric.WaitUntil(s => s.LearnedAddresses == i + 1);
        }
    }

    private static (VlanId Vlan, int PayloadBytes) Expect(SwitchProcess fabric, INetworkPort at)
    {
        var poller = new Poller();
        poller.Add(at.PollFileDescriptor, PollEvents.Readable);
        for (var turns = 0; turns < TurnsMax; turns++)
        {
            fabric.Turn(Linux.Time.MonotonicClock.Now);
            if (poller.Wait(TimeSpan.Zero) > 0 && TryTake(at) is { } frame)
            {
                return (frame.Vlan, frame.Payload.Length);
            }
        }

        Assert.Fail("no frame came out of the switch");
        return default;
    }
}
