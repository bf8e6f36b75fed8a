using ExpEther.Bridge.Diagnosis;
using ExpEther.Bridge.Hosts;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Two ends that do not fit are told so, at both ends, once; strangers cannot fill the log.</summary>
public class SetupTroubleTests
{
    private readonly TestFabric _fabric = new(isSealed: true);
    private readonly byte[] _frame = new byte[9100];

    [Fact]
    public void Another_key_is_said_once_at_each_end_and_shown_until_it_is_mended()
    {
        var host = _fabric.AddHost("host1", 101);
        byte[]? right = null;
        var box = _fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)), options =>
        {
            right = options.Hosts[0].Key;
            return options with { Hosts = [options.Hosts[0] with { Key = new byte[32] }] };
        });
        _fabric.Run(host.RootComplex.EnumerateAsync);
        _fabric.Run(box.Bridge.StartAsync);

        _fabric.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(SetupTrouble.NoAnswer, box.Bridge.Status().Hosts[0].Trouble);
        Assert.Equal((box.Mac, SetupTrouble.KeyDiffers), host.Bridge.Status().Misfits.Select(m => (m.Mac, m.Trouble)).Single());
        Assert.Equal(["host1", "host1"], Said("no link to").Select(e => e.Source));
        Assert.All(Said("no link to"), e => Assert.Contains("compare key or keyFile of both ends", e.Text, StringComparison.Ordinal));

        host.Bridge.Change(new byte[32], TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _fabric.Until(() => box.Bridge.Status().Hosts[0].Linked);
        _fabric.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(SetupTrouble.None, box.Bridge.Status().Hosts[0].Trouble);
        Assert.Empty(host.Bridge.Status().Misfits);

        // Known by now, and another key again: its frames are those of a link that is down.
        host.Bridge.Change(right!, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _fabric.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(4, Said("no link to").Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sealed_against_unsealed_is_said_once_at_each_end(bool isBoxSealed)
    {
        var fabric = new TestFabric(isSealed: !isBoxSealed);
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)), options => options with { Sealed = isBoxSealed });
        fabric.Run(host.RootComplex.EnumerateAsync);
        fabric.Run(box.Bridge.StartAsync);

        fabric.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(SetupTrouble.SealDiffers, box.Bridge.Status().Hosts[0].Trouble);
        Assert.Equal(SetupTrouble.SealDiffers, host.Bridge.Status().Misfits.Single().Trouble);
        var said = fabric.Events.Events.Where(e => e.Text.Contains("no link to", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, said.Count);
        Assert.All(said, e => Assert.Contains("seal", e.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void An_end_of_another_version_is_refused_in_words_at_this_end_be_it_host_or_box()
    {
        var host = _fabric.AddHost("host1", 101);
        var box = _fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Cut(host.Port);
        _fabric.Run(box.Bridge.StartAsync);
        var old = new MacAddress(0x02_00_00_00_09_00);
        for (var i = 0; i < 4; i++)
        {
            // What version 1 sends: INIT from a box; an announcement from a host, with nothing in FrameNumber.
            var init = new byte[1024];
            new FrameHeader { Type = FrameType.Init, Flags = FrameFlags.Sealed, Length = 1024 }.Write(init);
            init[FrameLayout.Version] = 1;
            host.Bridge.OnFrame(new ReceivedFrame(host.Mac, old, host.Vlan, init), _fabric.Now);
            var length = new Announcement(host.Mac, host.Vlan, "host1", LinkFeatures.None, 4, WantsSeal: true) { LinkVersion = 0 }.Write(_frame);
            Assert.Equal(1, _frame[18 + FrameLayout.Version]);
            box.Bridge.OnFrame(new ReceivedFrame(MacAddress.Broadcast, host.Mac, host.Vlan, _frame.AsSpan(18, length - 18)), _fabric.Now);
            _fabric.Pass(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(SetupTrouble.VersionDiffers, box.Bridge.Status().Hosts[0].Trouble);
        Assert.Equal((old, SetupTrouble.VersionDiffers), host.Bridge.Status().Misfits.Select(m => (m.Mac, m.Trouble)).Single());
        var said = Said("another version");
        Assert.Equal(2, said.Count);
        Assert.All(said, e => Assert.Contains("run the same release of ExpEther at both ends", e.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_box_that_has_the_key_of_another_pair_gets_no_link()
    {
        var host = _fabric.AddHost("host1", 101);
        byte[]? hostKey = null;
        var honest = _fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)), options =>
        {
            hostKey = options.Hosts[0].Key;
            return options with { Hosts = [options.Hosts[0] with { Key = PairKey.Derive(hostKey, options.Mac), IsPairKey = true }] };
        });

        // The key that a thief took from box1 is of no use at any other address.
        var thief = _fabric.AddBox("box2", b => b.AddDevice("disk2", TestDisk.Make("TWO", _fabric.Events)), options =>
            options with { Hosts = [options.Hosts[0] with { Key = PairKey.Derive(hostKey!, honest.Mac), IsPairKey = true }] });
        _fabric.Run(host.RootComplex.EnumerateAsync);
        _fabric.Run(honest.Bridge.StartAsync);
        _fabric.Run(thief.Bridge.StartAsync);
        _fabric.Until(() => honest.Bridge.Status().Hosts[0].Linked);
        _fabric.Pass(TimeSpan.FromSeconds(30));

        Assert.False(thief.Bridge.Status().Hosts[0].Linked);
        Assert.Equal((thief.Mac, SetupTrouble.KeyDiffers), host.Bridge.Status().Misfits.Select(m => (m.Mac, m.Trouble)).Single());
    }

    [Fact]
    public void A_host_that_is_not_heard_any_more_does_not_announce_itself_any_more()
    {
        var host = _fabric.AddHost("host1", 101);
        var stranger = _fabric.AddHost("host2", 102);
        var box = _fabric.AddBox(
            "box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)), options => options with { Hosts = [options.Hosts[0]] });
        _fabric.Start();
        Assert.True(box.Bridge.Status().Hosts[0].Announced);
        Assert.Equal("host2", Assert.Single(box.Bridge.Status().Discovered).Name);

        _fabric.Cut(host.Port);
        _fabric.Cut(stranger.Port);
        _fabric.Pass(TimeSpan.FromSeconds(12));

        Assert.False(box.Bridge.Status().Hosts[0].Announced);
        Assert.Empty(box.Bridge.Status().Discovered);
    }

    [Fact]
    public void Strangers_that_ask_for_links_fill_neither_the_log_nor_the_list()
    {
        var host = _fabric.AddHost("host1", 101);
        var asking = new EtherLink(
            new LinkOptions
            {
                Local = new MacAddress(0x02_00_00_00_09_00), Peer = host.Mac, Vlan = host.Vlan, Role = LinkRole.Initiator, PreSharedKey = new byte[32],
            },
            new Ignorant(), new Core.SeededRandom(3), _fabric.Events);
        asking.Open(_fabric.Now);
        Assert.True(asking.TryTakeFrame(_fabric.Now, _frame, out var length));

        for (var i = 0; i < 10_000; i++)
        {
            for (var times = 0; times < 4; times++)
            {
                var stranger = new MacAddress(0x02_00_00_01_00_00 + (ulong)i);
                host.Bridge.OnFrame(new ReceivedFrame(host.Mac, stranger, host.Vlan, _frame.AsSpan(18, length - 18)), _fabric.Now);
            }
        }

        Assert.InRange(Said("no link to").Count, 1, HostBridgeLimits.MisfitReportsMax);
        Assert.InRange(host.Bridge.Status().Misfits.Count, 1, HostBridgeLimits.MisfitsMax);
    }

    [Fact]
    public void A_stranger_in_a_hosts_name_is_told_of_once_per_cause()
    {
        var host = _fabric.AddHost("host1", 101);
        var box = _fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Cut(host.Port);
        _fabric.Run(box.Bridge.StartAsync);

        for (var i = 0; i < 1000; i++)
        {
            var length = new Announcement(host.Mac, host.Vlan, "host1", LinkFeatures.None, 4, WantsSeal: i % 2 == 0).Write(_frame);
            box.Bridge.OnFrame(new ReceivedFrame(MacAddress.Broadcast, host.Mac, host.Vlan, _frame.AsSpan(18, length - 18)), _fabric.Now);
            _fabric.Pass(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(Said("no link to").Count, 1, 2);
    }

    private List<(EventSeverity Severity, string Source, string Text)> Said(string text) =>
        [.. _fabric.Events.Events.Where(e => e.Text.Contains(text, StringComparison.Ordinal)).Select(e => (e.Severity, e.Source, e.Text))];

    private sealed class Ignorant : ILinkConsumer
    {
        public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
        {
        }

        public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
        {
        }

        public void OnUp(EtherLink link, Instant now)
        {
        }

        public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
        {
        }
    }
}
