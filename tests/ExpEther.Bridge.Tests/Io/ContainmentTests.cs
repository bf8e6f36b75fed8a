using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>A bug that shows in one device, or in what is done for one host, ends that device or host. The others go on.</summary>
public sealed class ContainmentTests
{
    private const ulong Memory = SharedOdd.HostMemory;

    [Theory]
    [InlineData("TryAccept")]
    [InlineData("TryTake")]
    [InlineData("Poll")]
    [InlineData("NextDeadline")]
    [InlineData("Refuse")]
    public void A_device_that_throws_is_fenced_and_its_siblings_work_on(string where)
    {
        var odd = new OddSrIov();
        var broken = new ThrowingDevice(odd);
        var rig = new IoRig(2, [new TestDevice()], shared: [(broken, 2)]).Start();
        Assert.True(rig.Await(rig.Bridge.AttachAsync("odd0.vf1", "host1")).Ok);
        rig.Plug("nvme0", rig.Hosts[1]);
        rig.Events.ExpectsDefects = true;
        broken.ThrowsIn = where;
        rig.Host.Tlps.Clear();
        rig.Host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        rig.Run(() => rig.StatusOf("odd0.vf1").State == FunctionState.Failed);
        Assert.Equal(FunctionState.Failed, rig.StatusOf("odd0.vf2").State);
        Assert.Contains("bug", rig.StatusOf("odd0.vf1").Failure, StringComparison.Ordinal);
        Assert.Contains("bug", rig.Bridge.Status().Devices.Single(d => d.Name == "odd0").Trouble, StringComparison.Ordinal);
        var told = Assert.Single(rig.Events.Lines, l => l.StartsWith("Defect odd0:", StringComparison.Ordinal));
        Assert.Contains(where == "Refuse" ? "InvariantException" : $"a planted bug in {where}", told, StringComparison.Ordinal);
        Assert.Contains("   at ", where == "Refuse" ? "   at " : told, StringComparison.Ordinal);

        // Nothing of its state is used again, whatever hosts and operators do.
        var attach = rig.Await(rig.Bridge.AttachAsync("odd0.vf2", "host2"));
        Assert.Equal((false, RefusalCode.DeviceFailed), (attach.Ok, attach.Code));
        rig.Await(rig.Bridge.DetachAsync("odd0.vf1", force: true));
        rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, broken.CallsAfterwards);

        // The sibling and both links are well.
        Assert.Equal(FunctionState.Presented, rig.StatusOf("nvme0").State);
        rig.Hosts[1].Tlps.Clear();
        Send(rig, 100);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 100);
        Assert.All(rig.Bridge.Status().Hosts, h => Assert.True(h.Linked));
    }

    [Fact]
    public void A_device_that_throws_in_its_reset_is_fenced()
    {
        var broken = new ThrowingDevice(new TestDevice(TestDevice.Plain with { FlrCapable = false }));
        var rig = new IoRig(2, [new TestDevice()], shared: [(broken, 0)]).Start();
        rig.Events.ExpectsDefects = true;
        broken.ThrowsIn = "Reset";
        var attach = rig.Await(rig.Bridge.AttachAsync("odd0", "host1"));
        Assert.Equal((false, RefusalCode.DeviceFailed), (attach.Ok, attach.Code));
        Assert.Equal((FunctionState.Failed, 0), (rig.StatusOf("odd0").State, broken.CallsAfterwards));
        rig.Plug("nvme0", rig.Hosts[1]);
    }

    [Fact]
    public void A_bug_in_what_is_done_for_a_host_fences_that_host()
    {
        var shared = new SharedOdd();
        var rig = shared.Rig;
        rig.Events.ExpectsDefects = true;
        rig.Bridge.Tap = new ThrowingTap(rig.Hosts[0].LastPresent.Function);
        rig.Hosts[0].Read(SharedOdd.MemH, 4);
        rig.Run(() => rig.Bridge.Status().Hosts[0].HasFailed);
        rig.Bridge.Tap = null;
        var told = Assert.Single(rig.Events.Lines, l => l.StartsWith("Defect host1:", StringComparison.Ordinal));
        Assert.Contains("a planted bug", told, StringComparison.Ordinal);
        Assert.False(rig.StatusOf("odd0.vf1").BusMasterEnable);

        // It gets no link again, and the others lose nothing.
        rig.RunFor(TimeSpan.FromSeconds(60));
        Assert.False(rig.Bridge.Status().Hosts[0].Linked);
        Assert.All(rig.Bridge.Status().Hosts.Skip(1), h => Assert.True(h.Linked));
        shared.Forget();
        shared.Odd.Vf(2).WriteToHost(Memory, 100);
        rig.Run(() => rig.Hosts[1].Tlps.Count == 100);
        Assert.True(rig.Await(rig.Bridge.MoveAsync("odd0.vf1", "host3", force: true)).Ok);
    }

    /// <summary>The driver of a physical function is the box's own code; a bug in it costs the device that it drives.</summary>
    [Theory]
    [InlineData("start")]
    [InlineData("sequence")]
    public void A_driver_that_throws_fences_its_device_and_the_siblings_work_on(string where)
    {
        var driver = new ThrowingDriver(where);
        var rig = new IoRig(2, [new TestDevice()], shared: [(new OddSrIov(), 2)], driver: driver);
        rig.Events.ExpectsDefects = true;
        rig.Start();
        rig.RunFor(TimeSpan.FromSeconds(2));

        Assert.Contains("bug", rig.Bridge.Status().Devices.Single(d => d.Name == "odd0").Trouble, StringComparison.Ordinal);
        Assert.Contains(
            "a planted bug", Assert.Single(rig.Events.Lines, l => l.StartsWith("Defect odd0:", StringComparison.Ordinal)), StringComparison.Ordinal);
        rig.Plug("nvme0", rig.Hosts[1]);
        Send(rig, 10);
        rig.Run(() => rig.Hosts[1].Tlps.Count >= 10);
    }

    private static void Send(IoRig rig, int count)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        var length = new MemoryWrite(rig.StatusOf("nvme0").VfIo, Memory).Write(tlp, new byte[4]);
        rig.Device.Repeat(tlp[..length], count);
    }

    private sealed class ThrowingDriver(string where) : IPhysicalFunctionDriver
    {
        public bool Matches(PciFunction function) => true;

        public async Task<PhysicalFunctionStart> StartAsync(PciFunction function, string name)
        {
            function.Scheduler.Start(async () =>
            {
                await function.Scheduler.Delay(TimeSpan.FromSeconds(1));
                Throw("sequence");
            });
            await function.Scheduler.Delay(TimeSpan.FromMilliseconds(1));
            Throw("start");
            return new PhysicalFunctionStart(new Function(), "");
        }

        private void Throw(string at)
        {
            if (where == at)
            {
                throw new InvalidOperationException("a planted bug");
            }
        }

        private sealed class Function : IPhysicalFunction
        {
            public event Action? Changed
            {
                add { }
                remove { }
            }

            public INamespaceManager? Namespaces => null;

            public Task<string> EnableAsync(int count) => Task.FromResult("");

            public Task<string> PrepareAsync(int virtualFunction) => Task.FromResult("");

            public Task StopAsync(bool surprise) => Task.CompletedTask;
        }
    }

    /// <summary>Throws for the TLPs of one function's host, in the middle of the bridge's work on them.</summary>
    private sealed class ThrowingTap(ushort function) : ITlpTap
    {
        public void OnTlp(in TlpPassage passage, ReadOnlySpan<byte> tlp)
        {
            if (passage.Function == function && passage.Direction == TlpDirection.ToDevice)
            {
                throw new InvalidOperationException("a planted bug");
            }
        }
    }
}
