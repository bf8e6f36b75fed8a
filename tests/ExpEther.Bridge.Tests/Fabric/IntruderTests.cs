using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Frames that do not belong where they arrive are dropped and counted, and change nothing.</summary>
public class IntruderTests
{
    private readonly TestFabric _fabric = new(isSealed: true);
    private readonly FabricHost _host;
    private readonly FabricBox _box;

    public IntruderTests()
    {
        _host = _fabric.AddHost("host1", 101);
        _box = _fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Start();
        _fabric.Attach(_box, "disk", _host);
        _fabric.Capture.IsOn = true;
        Assert.True(_fabric.Run(() => TestDisk.WriteAsync(_host, _host.Nvme.Disks[0], 0, 8, 1)).IsSuccess);
        _fabric.Capture.IsOn = false;
    }

    [Fact]
    public void Replayed_frames_are_dropped()
    {
        var before = Counters.Dropped(FrameDrop.Replayed);
        Inject(f => f);
        Assert.True(Counters.Dropped(FrameDrop.Replayed) > before);
        ExpectUnharmed();
    }

    [Fact]
    public void Frames_with_a_broken_seal_are_dropped()
    {
        Inject(f =>
        {
            f[^1] ^= 1;
            // A frame number that was not seen yet, or the replay window would drop it first.
            f[18 + 16 + 5] ^= 0x40;
            return f;
        });
        Assert.True(Counters.Dropped(FrameDrop.BrokenSeal) > 0);
        ExpectUnharmed();
    }

    [Fact]
    public void Frames_in_the_wrong_vlan_or_from_or_to_another_mac_are_dropped()
    {
        var before = _host.Bridge.Status().Counters;
        var frames = _fabric.Capture.Frames.Where(f => f.Port == "box1").Select(f => f.Frame).ToList();
        foreach (var frame in frames)
        {
            var payload = frame.AsSpan(18);
            _host.Bridge.OnFrame(new ReceivedFrame(_host.Mac, _box.Mac, new VlanId(102), payload), _fabric.Now);
            _host.Bridge.OnFrame(new ReceivedFrame(new MacAddress(_host.Mac.Value ^ 0xFF), _box.Mac, _host.Vlan, payload), _fabric.Now);
            _host.Bridge.OnFrame(new ReceivedFrame(_host.Mac, new MacAddress(_box.Mac.Value ^ 0xFF), _host.Vlan, payload), _fabric.Now);
        }

        var after = _host.Bridge.Status().Counters;
        Assert.Equal(before.FramesNotForUs + (2 * frames.Count), after.FramesNotForUs);
        Assert.Equal(before.FramesOfStrangers + frames.Count, after.FramesOfStrangers);
        ExpectUnharmed();
    }

    [Fact]
    public void Frames_of_an_old_epoch_are_dropped()
    {
        _fabric.Cut(_host.Port);
        _fabric.Pass(TimeSpan.FromSeconds(25));
        _fabric.Heal(_host.Port);
        _fabric.Until(() => _host.Disks == 1);
        var before = Counters.Dropped(FrameDrop.OldEpoch);

        Inject(f => f);

        Assert.True(Counters.Dropped(FrameDrop.OldEpoch) > before);
        ExpectUnharmed();
    }

    [Fact]
    public void A_host_in_the_boxes_other_vlan_cannot_speak_for_this_one()
    {
        // The box knows (VLAN, MAC) pairs: the right MAC in another VLAN is nobody.
        var before = _box.Bridge.Status();
        foreach (var (_, frame) in _fabric.Capture.Frames.Where(f => f.Port == "host1"))
        {
            _box.Bridge.OnFrame(new ReceivedFrame(_box.Mac, _host.Mac, new VlanId(999), frame.AsSpan(18)), _fabric.Now);
        }

        Assert.Equal(before.Functions[0].Generation, _box.Function("disk").Generation);
        ExpectUnharmed();
    }

    private LinkCounters Counters => _host.Bridge.Status().Boxes[0].Counters;

    private void Inject(Func<byte[], byte[]> change)
    {
        foreach (var (_, captured) in _fabric.Capture.Frames.Where(f => f.Port == "box1"))
        {
            var frame = change([.. captured]);
            _host.Bridge.OnFrame(new ReceivedFrame(_host.Mac, _box.Mac, _host.Vlan, frame.AsSpan(18)), _fabric.Now);
        }
    }

    private void ExpectUnharmed()
    {
        var disk = Assert.Single(_host.Nvme.Disks);
        Assert.True(_fabric.Run(() => TestDisk.WriteAsync(_host, disk, 0, 64, 9)).IsSuccess);
        Assert.True(_fabric.Run(() => TestDisk.VerifyAsync(_host, disk, 0, 64, 9)).IsRight);
    }
}
