using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Changes;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>How the I/O bridge brings up virtual functions of a device it knows nothing of.</summary>
public sealed class SrIovBringUpTests
{
    [Fact]
    public void Virtual_functions_are_laid_out_as_the_device_says_and_named_by_their_numbers()
    {
        var odd = new OddSrIov();
        odd.Vf(2).Retries = 3;
        var rig = new IoRig(1, shared: [(odd, 5)]).Start();
        Assert.Equal((5, true, true, true, (long)OddSrIov.PageBytes), (
            odd.SrIov.ExistingVfs, odd.SrIov.VfEnable, odd.SrIov.VfMemorySpaceEnable, odd.SrIov.AriCapableHierarchy, odd.SrIov.PageBytes));
        var status = rig.Bridge.Status();
        Assert.Equal(["odd0.vf1", "odd0.vf2", "odd0.vf3", "odd0.vf4", "odd0.vf5"], status.Functions.Select(f => f.Name));
        Assert.Equal([1, 2, 3, 4, 5], status.Functions.Select(f => f.VirtualNumber));
        var first = 0x100 + 5 + 5;
        Assert.Equal(Enumerable.Range(0, 5).Select(i => new Rid((ushort)(first + (0x47 * i)))), status.Functions.Select(f => f.VfIo));
        Assert.Equal(2, status.Functions[4].VfIo.Bus);
        Assert.All(status.Functions, f =>
        {
            Assert.Equal((0x1AF4, OddSrIov.VfDeviceId, FunctionState.Idle), (f.VendorId, f.DeviceId, f.State));
            Assert.Equal([(0, (long)OddSrIov.PageBytes), (3, OddSrIov.PageBytes)], f.Bars.Select(b => (b.Index, b.SizeBytes)));
            Assert.Equal(odd.SrIov.VfBarAddress(0) + (ulong)((f.VirtualNumber - 1) * OddSrIov.PageBytes), f.Bars[0].MemIo.Value);
            Assert.Equal(odd.SrIov.VfBarAddress(3) + (ulong)((f.VirtualNumber - 1) * OddSrIov.PageBytes), f.Bars[1].MemIo.Value);
        });
        Assert.True(odd.SrIov.VfBarAddress(0) >= 0x40_0000_0000 && odd.SrIov.VfBarAddress(3) is >= 0x8000_0000 and < 0xC000_0000);

        var device = Assert.Single(status.Devices);
        Assert.Equal(("odd0", 6, 5, 10, 0x47, true, (long)OddSrIov.PageBytes, 2), (
            device.Name, device.TotalVfs, device.NumVfs, device.FirstVfOffset, device.VfStride, device.AriCapableHierarchy, device.PageBytes, device.LastBus));
    }

    [Fact]
    public void Payload_and_read_size_are_set_once_in_the_physical_function()
    {
        var odd = new OddSrIov();
        new IoRig(1, shared: [(odd, 2)]).Start();
        Assert.Equal((256, 4096), (odd.Vf(2).Config.MaxPayloadBytes, odd.Vf(2).Config.MaxReadRequestBytes));
        Assert.All(odd.Vfs.Append(odd.Physical), function => Assert.False(function.Config.BusMasterEnable));
    }

    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(0x181, 1, 2)]
    [InlineData(0x40, 2, 1)]
    public void Virtual_functions_spread_over_buses_that_no_other_device_has(int offset, int stride, int others)
    {
        var odd = new OddSrIov(256, routing: (_, _) => new VfRouting((ushort)offset, (ushort)stride));
        var rig = new IoRig(
            1, devices: [new TestDevice()], shared: [(odd, 256), .. Enumerable.Range(0, others).Select(_ => (new OddSrIov(), 5))]).Start();
        var status = rig.Bridge.Status();
        var physical = status.Devices.Single(d => d.Name == "odd0").Rid;
        var functions = status.Functions.Where(f => f.Device == "odd0").ToList();
        Assert.Equal(Enumerable.Range(0, 256).Select(i => new Rid((ushort)(physical.Value + offset + (stride * i)))), functions.Select(f => f.VfIo));
        Assert.All(status.Functions, f => Assert.Equal(FunctionState.Idle, f.State));
        Assert.Equal(status.Functions.Count, status.Functions.Select(f => f.VfIo).Distinct().Count());
        var buses = status.Devices.SelectMany(d => Enumerable.Range(d.Rid.Bus, d.LastBus - d.Rid.Bus + 1)).ToList();
        Assert.Equal(buses.Count, buses.Distinct().Count());
        Assert.DoesNotContain(buses, b => b is 0 or > 0xEF);
        Assert.Equal(functions[255].VfIo.Bus, status.Devices.Single(d => d.Name == "odd0").LastBus);

        // The last one works, though the bus it is on was not captured by anyone.
        var result = rig.Await(rig.Bridge.AttachAsync("odd0.vf256", "host1"));
        Assert.True(result.Ok, result.Message);
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        rig.Run(() => rig.Host.Tlps.Count == 1);
        Assert.True(odd.Vf(256).Config.BusMasterEnable);
        Assert.False(odd.Vf(255).Config.BusMasterEnable);
    }

    [Theory]
    [InlineData(7, "7 virtual functions are asked of it, and it has 6")]
    [InlineData(256, "256 virtual functions are asked of it, and it has 6")]
    public void More_virtual_functions_than_there_are_is_an_error_in_words(int vfs, string why)
    {
        var rig = new IoRig(1, shared: [(new OddSrIov(), vfs)]).Start();
        Assert.Empty(rig.Bridge.Status().Functions);
        Assert.Contains(rig.Events.Lines, l => l.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_without_the_capability_or_without_room_is_an_error_in_words()
    {
        var rig = new IoRig(1, shared: [(new TestDevice(), 2)]).Start();
        Assert.Contains(rig.Events.Lines, l => l.Contains("it has no SR-IOV capability", StringComparison.Ordinal));

        var odd = new OddSrIov(256);
        rig = new IoRig(1, shared: [(odd, 2)], change: o => o with { MemIo32Bytes = 128 * OddSrIov.PageBytes }).Start();
        Assert.Contains(rig.Events.Lines, l => l.Contains("there is no room for VF BAR 3: 256 times 65536 bytes", StringComparison.Ordinal));
        Assert.False(odd.SrIov.VfEnable);

        odd = new OddSrIov(16, routing: (_, _) => new VfRouting(0x100, 0x1000));
        rig = new IoRig(1, shared: [(odd, 16)]).Start();
        Assert.Contains(rig.Events.Lines, l => l.Contains("no 242 consecutive buses are left", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_that_is_not_asked_for_virtual_functions_is_used_as_it_is()
    {
        var odd = new OddSrIov();
        var rig = new IoRig(1, shared: [(odd, 0)]).Start();
        Assert.Equal("odd0", Assert.Single(rig.Bridge.Status().Functions).Name);
        Assert.Equal(0, odd.SrIov.ExistingVfs);
        var result = rig.Await(rig.Bridge.AttachAsync("odd0", "host1"));
        Assert.True(result.Ok, result.Message);
    }

    [Fact]
    public void After_a_restart_they_are_brought_up_anew_and_given_to_their_owners()
    {
        var odd = new OddSrIov();
        var rig = new IoRig(1, shared: [(odd, 5)]).Start();
        Assert.True(rig.Await(rig.Bridge.AttachAsync("odd0.vf4", "host1")).Ok);
        var resets = odd.Vf(4).Resets;
        rig.RestartBridge();
        rig.Run(() => rig.Bridge.Status().Functions is { Count: 5 } f && f[3].State == FunctionState.Presented, 60);
        Assert.Equal("host1", rig.StatusOf("odd0.vf4").Owner);
        Assert.True(odd.Vf(4).Resets > resets, "VF Enable was cleared between two lives of the bridge");

        // §9.3.3.3.1: 1 s after VF Enable was cleared, 100 ms after it was set.
        Assert.Equal([true, false, true], odd.Enables.Select(e => e.On));
        Assert.True(odd.Enables[2].At - odd.Enables[1].At >= TimeSpan.FromSeconds(1));
        Assert.True(odd.AskedAt!.Value - odd.Enables[2].At >= TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_virtual_function_that_never_answers_fails_alone()
    {
        var odd = new OddSrIov();
        odd.Vf(3).Retries = int.MaxValue;
        var rig = new IoRig(1, shared: [(odd, 5)]).Start();
        Assert.Equal(FunctionState.Failed, rig.StatusOf("odd0.vf3").State);
        Assert.Equal("it does not answer", rig.StatusOf("odd0.vf3").Failure);
        Assert.Equal(RefusalCode.DeviceFailed, rig.Await(rig.Bridge.AttachAsync("odd0.vf3", "host1")).Code);
        Assert.True(rig.Await(rig.Bridge.AttachAsync("odd0.vf4", "host1")).Ok);
    }

    [Fact]
    public void Commands_for_the_physical_function_and_for_numbers_that_are_not_there_are_refused_in_words()
    {
        var rig = new IoRig(1, shared: [(new OddSrIov(), 5)]).Start();
        var result = rig.Await(rig.Bridge.AttachAsync("odd0", "host1"));
        Assert.Equal(
            (RefusalCode.PhysicalFunction, "odd0 is a physical function, and its virtual functions are shared", "attach one of odd0.vf1 to odd0.vf5"),
            (result.Code, result.Message, result.Remedy));
        Assert.Equal(RefusalCode.PhysicalFunction, rig.Await(rig.Bridge.DetachAsync("odd0", true)).Code);
        Assert.Equal(RefusalCode.PhysicalFunction, rig.Await(rig.Bridge.MoveAsync("odd0", "host1", true)).Code);
        foreach (var name in new[] { "odd0.vf6", "odd0.vf0", "odd0.vf01", "odd0.vfx" })
        {
            result = rig.Await(rig.Bridge.AttachAsync(name, "host1"));
            Assert.Equal(
                (RefusalCode.NoSuchFunction, $"odd0 has 5 virtual functions, and no '{name}'", "its virtual functions: odd0.vf1 to odd0.vf5"),
                (result.Code, result.Message, result.Remedy));
        }

        Assert.Equal("functions of this box: odd0.vf1 to odd0.vf5", rig.Await(rig.Bridge.AttachAsync("none", "host1")).Remedy);
    }

    [Fact]
    public void A_device_that_goes_at_run_time_gives_its_buses_and_apertures_back()
    {
        var rig = new IoRig(
            1, shared: [(new OddSrIov(), 1)],
            change: o => o with { MemIo32Bytes = 40 * OddSrIov.PageBytes, MemIoBytes = 40 * OddSrIov.PageBytes }).Start();
        for (var round = 0; round < 20; round++)
        {
            // 32 of 40 pages: there is no room for two of them. Twenty times fourteen buses are more than there are.
            var odd = new OddSrIov(32, routing: (_, _) => new VfRouting(0x100, 0x70));
            Assert.Empty(Change(rig, added: odd));
            Assert.Equal(33, rig.Bridge.Status().Functions.Count);
            Assert.True(rig.Await(rig.Bridge.AttachAsync("more.vf32", "host1")).Ok);
            Assert.Contains("more.vf32 is owned by host 'host1'", Assert.Single(Change(rig, removed: "more")).What, StringComparison.Ordinal);
            Assert.True(rig.Await(rig.Bridge.DetachAsync("more.vf32")).Ok);
            Assert.Empty(Change(rig, removed: "more"));
            Assert.Single(rig.Bridge.Status().Functions);
        }
    }

    [Fact]
    public void A_device_that_cannot_be_shared_is_taken_back_without_a_trace()
    {
        var rig = new IoRig(
            1, shared: [(new OddSrIov(), 1)],
            change: o => o with { MemIo32Bytes = 40 * OddSrIov.PageBytes, MemIoBytes = 40 * OddSrIov.PageBytes }).Start();
        for (var round = 0; round < 40; round++)
        {
            Assert.NotEmpty(Change(rig, added: new OddSrIov(31)));
            Assert.NotEmpty(Change(rig, added: new OddSrIov(64)));
        }

        Assert.Empty(Change(rig, added: new OddSrIov(32)));
    }

    private static IReadOnlyList<ChangeRefusal> Change(IoRig rig, OddSrIov? added = null, string? removed = null)
    {
        var change = new IoBridgeChange
        {
            LinkDead = rig.Bridge.Options.LinkDead,
            PathSilent = rig.Bridge.Options.PathSilent,
            ReleaseTimeout = rig.Bridge.Options.ReleaseTimeout,
            DevicesAdded = added is null ? [] : [("more", added)],
            VirtualFunctions = new Dictionary<string, int> { ["more"] = 32 },
            DevicesRemoved = removed is null ? [] : [removed],
        };
        var prepared = rig.Await(rig.Scheduler.Run(() => rig.Bridge.PrepareAsync(change)));
        var refusals = prepared.Refusals();
        if (refusals.Count > 0)
        {
            prepared.Abandon();
        }
        else
        {
            prepared.Commit();
        }

        return refusals;
    }
}
