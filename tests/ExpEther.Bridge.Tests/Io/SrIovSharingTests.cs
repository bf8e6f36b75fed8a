using System.Buffers.Binary;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>
/// Three hosts share a device that the I/O bridge knows nothing of. They are as equal as can be: the same requester IDs, tags, addresses
/// of their functions and of their memory.
/// </summary>
public sealed class SrIovSharingTests
{
    private const ulong MemH = SharedOdd.MemH;
    private const uint MemH32 = SharedOdd.MemH32;
    private const ulong HostMemory = SharedOdd.HostMemory;

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    [Fact]
    public void Row_1_and_2_each_host_reads_and_writes_its_own_function()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        for (var i = 0; i < 3; i++)
        {
            rig.Hosts[i].Write(MemH + 0x2000, [(byte)(0xA0 + i), 1, 2, 3]);
            rig.Hosts[i].Read(MemH + 0x2000, 4, tag: 0x55);
        }

        rig.Run(() => Array.TrueForAll(rig.Hosts, h => h.Tlps.Count == 1));
        for (var i = 0; i < 3; i++)
        {
            var answer = rig.Hosts[i].Tlps[0].View;
            Assert.Equal((rig.Hosts[i].HostH, rig.Hosts[i].VfH, 0x55), (answer.Requester, answer.Completer, answer.Tag.Value));
            Assert.Equal(0xA0 + i, answer.Payload[0]);
            Assert.Equal(0xA0 + i, odd.Vf(i + 1).Memory[0x2000]);

            // Each of them was asked by another requester, at its own place.
            Assert.Equal(2, odd.Vf(i + 1).Received.Count);
            Assert.True(TlpView.TryParse(odd.Vf(i + 1).Received[1], out var asked) == TlpError.None);
            Assert.Equal(new Rid(0xF0, i, 0), asked.Requester);
            Assert.Equal(odd.SrIov.VfBarAddress(0) + (ulong)(i * OddSrIov.PageBytes) + 0x2000, asked.Address);
        }

        Assert.Empty(odd.Physical.Received);
        Assert.Empty(odd.Vf(4).Received);
    }

    [Fact]
    public void Requests_past_a_window_reach_no_other_function()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        ulong[] outside =
            [MemH + OddSrIov.PageBytes, MemH - 4, MemH32 + OddSrIov.PageBytes, odd.SrIov.VfBarAddress(0), odd.SrIov.VfBarAddress(3)];
        foreach (var address in outside)
        {
            rig.Hosts[1].Read(address & ~3UL, 4, tag: 7);
            rig.Run(() => rig.Hosts[1].Tlps.Count == 1);
            Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Hosts[1].Tlps[0].View.Status);
            rig.Hosts[1].Tlps.Clear();
        }

        // Tags of 10 bits would come back as others.
        rig.Hosts[1].Read(MemH, 4, tag: 0x155);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Hosts[1].Tlps[0].View.Status);
        Assert.All(odd.Vfs, vf => Assert.Empty(vf.Received));
    }

    [Fact]
    public void Row_4_and_5_each_function_reads_and_writes_the_memory_of_its_own_host()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        for (var i = 0; i < 3; i++)
        {
            shared.Tell(i + 1, HostMemory, 64, OddFunction.Write | 1);
            shared.Tell(i + 1, HostMemory, 4, OddFunction.Read | (0x33 << 16) | 1);
        }

        rig.Run(() => Array.TrueForAll(rig.Hosts, h => h.Tlps.Count == 2));
        for (var i = 0; i < 3; i++)
        {
            var host = rig.Hosts[i];
            Assert.All(host.Tlps, t => Assert.Equal((host.VfH, HostMemory), (t.View.Requester, t.View.Address)));
            Assert.All(host.Tlps[0].View.Payload.ToArray(), b => Assert.Equal(i + 1, b));
            odd.Vf(i + 1).Received.Clear();
            var length = new Completion(host.HostH, host.VfH, new Tag(0x33), CompletionStatus.SuccessfulCompletion).Write(_tlp, [(byte)(0xD0 + i), 0, 0, 0]);
            host.Send(_tlp.AsSpan(0, length));
        }

        rig.Run(() => odd.Vfs.Take(3).All(vf => vf.Received.Count == 1));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(TlpView.TryParse(odd.Vf(i + 1).Received[0], out var answer) == TlpError.None);
            Assert.Equal((odd.Vf(i + 1).Config.Rid, 0xD0 + i), (answer.Requester, answer.Payload[0]));
        }
    }

    [Fact]
    public void Row_6_each_function_interrupts_its_own_host()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        for (var i = 0; i < 3; i++)
        {
            var entry = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, 0xFEE0_0000);
            entry[8] = (byte)(0x40 + i);
            rig.Hosts[i].Write(MemH32 + 16, entry);
            rig.Hosts[i].ConfigWrite(shared.Shown(i + 1, CapabilityId.Msix), 0x8000_0000, 0b1000);
        }

        rig.Run(() => Array.TrueForAll(rig.Hosts, h => h.Tlps.Count == 1));
        Assert.True(odd.Vf(3).Config.MsixEnabled && !odd.Vf(4).Config.MsixEnabled && !odd.Physical.Config.MsixEnabled);
        for (var i = 0; i < 3; i++)
        {
            rig.Hosts[i].Tlps.Clear();
            shared.Tell(i + 1, 0, 0, OddFunction.Interrupt | (1 << 16) | 1);
        }

        rig.Run(() => Array.TrueForAll(rig.Hosts, h => h.Tlps.Count == 1));
        for (var i = 0; i < 3; i++)
        {
            var interrupt = rig.Hosts[i].Tlps[0].View;
            Assert.Equal((0xFEE0_0000UL, 0x40 + i), (interrupt.Address, interrupt.Payload[0]));
        }
    }

    [Fact]
    public void Row_3_a_vendor_capability_acts_on_the_own_function_only()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        var at = shared.Shown(3, CapabilityId.VendorSpecific);
        shared.Host(3).ConfigWrite(at + 4, 0x1234_5678);
        rig.Settle();
        shared.Host(3).ConfigWrite(at + 4, 0x1234_5679);
        rig.Settle();
        Assert.Equal(2U, shared.ReadShown(3, at + 8));
        Assert.Equal(0U, shared.ReadShown(2, at + 8));
        Assert.Equal(0U, odd.Physical.Config.Read(odd.Physical.VendorOffset + 8));
    }

    [Fact]
    public void A_host_sees_an_ordinary_function()
    {
        var shared = new SharedOdd();
        var rig = shared.Rig;
        Assert.Equal(((uint)OddSrIov.VfDeviceId << 16) | 0x1AF4, shared.ReadShown(2, 0));
        Assert.Equal(0x0009_1AF4U, shared.ReadShown(2, 0x2C));
        Assert.Equal(0x06U, shared.ReadShown(2, 4) & 6);
        var walk = CapabilityWalk.For(ExtendedCapabilityId.SingleRootIoVirtualization);
        while (!walk.IsDone)
        {
            walk.Feed(shared.ReadShown(2, walk.Register));
        }

        Assert.Equal(0, walk.Found);
        shared.Host(2).ConfigWrite(ConfigRegister.Bar0, uint.MaxValue);
        rig.Settle();
        Assert.Equal(0xFFFF_000CU, shared.ReadShown(2, ConfigRegister.Bar0));
    }

    [Fact]
    public void The_physical_function_reaches_no_host_and_no_host_reaches_it()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        var address = odd.Physical.Config.BarAddress(0);
        rig.Hosts[0].Read(address, 4);
        rig.Run(() => rig.Hosts[0].Tlps.Count == 1);
        Assert.Equal(CompletionStatus.UnsupportedRequest, rig.Hosts[0].Tlps[0].View.Status);
        odd.Physical.Config.Write(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable | ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        odd.Physical.WriteToHost(HostMemory, 3);
        rig.Settle();
        Assert.Equal(3, rig.Bridge.Status().Counters.DeviceTlpsFromUnknownRequesters);
        Assert.Equal([1, 0, 0], rig.Hosts.Select(h => h.Tlps.Count));
        Assert.Empty(odd.Physical.Received);
    }

    [Fact]
    public void FLR_of_one_function_leaves_its_siblings_at_work()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        odd.Vf(2).WriteToHost(HostMemory, 3000);
        odd.Vf(3).WriteToHost(HostMemory, 3000);
        rig.Hosts[0].Write(MemH + 0x2000, [9, 9, 9, 9]);
        rig.Hosts[1].Write(MemH + 0x2000, [9, 9, 9, 9]);
        var control = shared.Shown(1, CapabilityId.PciExpress) + PcieRegister.DeviceControl;
        rig.Hosts[0].ConfigWrite(control, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        rig.Run(() => odd.Vf(1).FunctionLevelResets > 1 && rig.Hosts[1].Tlps.Count == 3000 && rig.Hosts[2].Tlps.Count == 3000);
        Assert.Equal((0, 9, false, true), (
            odd.Vf(1).Memory[0x2000], odd.Vf(2).Memory[0x2000], odd.Vf(1).Config.BusMasterEnable, odd.Vf(2).Config.BusMasterEnable));
        Assert.Equal((1, 1), (odd.Vf(2).FunctionLevelResets, odd.Vf(3).FunctionLevelResets));
        Assert.Equal(0, odd.FundamentalResets);

        // It works again once its host has set it up again.
        rig.RunFor(TimeSpan.FromMilliseconds(200));
        shared.Map(1);
        shared.Tell(1, HostMemory, 64, OddFunction.Write | 1);
        rig.Run(() => rig.Hosts[0].Tlps.Count == 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_function_that_cannot_be_reset_fails_alone(bool hasFlr)
    {
        var shared = new SharedOdd(new OddSrIov(flrCapable: hasFlr), attach: false);
        var (rig, odd) = (shared.Rig, shared.Odd);
        foreach (var n in new[] { 1, 2 })
        {
            // Without FLR none can be given to anyone safely but the first time.
            odd.Vf(n).DiesOfReset = false;
            var result = rig.Await(rig.Bridge.AttachAsync($"odd0.vf{n}", $"host{n}"));
            Assert.Equal(hasFlr, result.Ok);
        }

        if (hasFlr)
        {
            shared.Map(1);
            shared.Map(2);
            odd.Vf(1).DiesOfReset = true;
            odd.Vf(2).WriteToHost(HostMemory, 2000);
            var result = rig.Await(rig.Bridge.MoveAsync("odd0.vf1", "host3", force: true));
            Assert.Equal(RefusalCode.DeviceFailed, result.Code);
            rig.Run(() => rig.Hosts[1].Tlps.Count == 2000);
            Assert.Equal(FunctionState.Presented, rig.StatusOf("odd0.vf2").State);
        }

        Assert.Equal(FunctionState.Failed, rig.StatusOf("odd0.vf1").State);
        Assert.Equal(0, odd.FundamentalResets);
    }

    [Fact]
    public void A_function_that_moves_carries_nothing_to_its_new_owner()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        rig.Hosts[0].Write(MemH + 0x2000, [9, 9, 9, 9]);
        shared.Tell(1, HostMemory, 4, OddFunction.Read | (0x21 << 16) | 1);
        rig.Run(() => rig.Hosts[0].Tlps.Count == 1);
        var old = rig.Hosts[0].LastPresent;
        Assert.True(rig.Await(rig.Bridge.DetachAsync("odd0.vf2", force: true)).Ok);
        var result = rig.Await(rig.Bridge.MoveAsync("odd0.vf1", "host2", force: true));
        Assert.True(result.Ok, result.Message);
        odd.Vf(1).Received.Clear();

        // The old owner's late answer and late requests.
        var length = new Completion(rig.Hosts[0].HostH, rig.Hosts[0].VfH, new Tag(0x21), CompletionStatus.SuccessfulCompletion).Write(_tlp, [1, 2, 3, 4]);
        rig.Hosts[0].Send(old.Function, old.Generation, _tlp.AsSpan(0, length));
        length = new MemoryWrite(rig.Hosts[0].HostH, MemH + 0x2000).Write(_tlp, [7, 7, 7, 7]);
        rig.Hosts[0].Send(old.Function, old.Generation, _tlp.AsSpan(0, length));
        rig.Settle();
        Assert.Empty(odd.Vf(1).Received);
        shared.Map(2);
        Assert.Equal(0, odd.Vf(1).Memory[0x2000]);
        shared.Tell(2, HostMemory, 64, OddFunction.Write | 1);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 1);
        Assert.DoesNotContain(rig.Hosts[0].Tlps, t => t.View.Kind == TlpKind.MemoryWrite);
    }

    [Fact]
    public void TLPs_of_shared_functions_pass_both_ways_without_allocating()
    {
        var shared = new SharedOdd();
        var (rig, odd) = (shared.Rig, shared.Odd);
        foreach (var host in rig.Hosts)
        {
            host.OnlyCounts = true;
        }

        var down = _tlp.AsSpan(0, new MemoryWrite(rig.Host.HostH, MemH + 0x2000).Write(_tlp, [1, 2, 3, 4])).ToArray();
        PassAll(rig, odd, down);
        Assert.Equal(0, Allocations.FewestOf(() => PassAll(rig, odd, down)));
    }

    private static void PassAll(IoRig rig, OddSrIov odd, byte[] down)
    {
        var toHosts = CountedByHosts(rig) + 9_000;
        var toDevice = odd.Vf(1).Counted + 2_000;
        for (var vf = 1; vf <= 3; vf++)
        {
            odd.Vf(vf).OnlyCounts = true;
            odd.Vf(vf).WriteToHost(HostMemory, 3_000);
        }

        while (CountedByHosts(rig) < toHosts || odd.Vf(1).Counted < toDevice)
        {
            if (odd.Vf(1).Counted < toDevice && rig.Host.Link.HasRoom(TlpClass.Posted))
            {
                rig.Host.Send(down);
            }

            rig.Step();
        }
    }

    private static int CountedByHosts(IoRig rig) => rig.Hosts[0].Counted + rig.Hosts[1].Counted + rig.Hosts[2].Counted;
}
