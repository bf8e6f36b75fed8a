using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class SrIovDeviceTests
{
    private const ulong VfBar0 = 0x40_0000_0000;
    private static readonly Rid Root = new(0, 0, 0);
    private static readonly Rid Physical = new(0x20, 0, 0);

    private readonly TestFunction _pf;
    private readonly List<TestFunction> _vfs;
    private readonly SrIovDevice _device;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    public SrIovDeviceTests()
    {
        _pf = new TestFunction(SrIovSample.MakePf(SrIovSample.SrIov with { TotalVfs = 256, Routing = (_, _) => new VfRouting(3, 2) }));
        _vfs = [.. Enumerable.Range(1, 256).Select(n => new TestFunction(SrIovSample.MakeVf(_pf.Config, n)))];
        _device = new SrIovDevice(_pf, _vfs);
    }

    private int SrIov => _pf.Config.SrIov!.Offset;

    [Fact]
    public void Configuration_requests_reach_VFs_of_the_captured_bus_as_type_0_and_of_later_ones_as_type_1()
    {
        Enable(256);
        Assert.Equal("01 0802 02", ClassOf(new Rid(0x2000 + 3), false));
        Assert.Equal("01 0802 02", ClassOf(new Rid(0x2000 + 3 + (255 * 2)), true));
        Assert.Single(_vfs[0].Received);
        var seen = Assert.Single(_vfs[255].Received);
        Assert.True(TlpView.TryParse(seen, out var view) == TlpError.None);
        Assert.Equal(TlpKind.ConfigRead0, view.Kind);

        // Between two VFs, behind the last, on the captured bus by type 1: nobody is there.
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 4), false));
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 3 + (256 * 2)), true));
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 3), true));
    }

    [Fact]
    public void VFs_are_there_only_while_VF_Enable_is_set()
    {
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 3), false));
        Enable(2);
        Assert.Equal("01 0802 02", ClassOf(new Rid(0x2000 + 5), false));
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 7), false));
        var resets = _vfs[1].Resets;
        _vfs[1].Send(3);
        Write(Physical, SrIov + SrIovRegister.Control, 0, 0b0011);
        Assert.Equal(resets + 1, _vfs[1].Resets);
        Assert.Equal("UR", ClassOf(new Rid(0x2000 + 5), false));
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void Memory_requests_go_to_the_VF_whose_part_of_the_aperture_it_is()
    {
        Enable(3);
        Assert.Equal([(CompletionStatus.SuccessfulCompletion, 1, 3), (CompletionStatus.SuccessfulCompletion, 3, 7)], [
            Read(VfBar0 + 8), Read(VfBar0 + (2 * 0x4000)),
        ]);
        Assert.Equal(CompletionStatus.UnsupportedRequest, Read(VfBar0 + (3 * 0x4000)).Status);
        Write(Physical, SrIov + SrIovRegister.Control, SrIovRegister.ControlVfEnable, 0b0011);
        Assert.Equal((CompletionStatus.UnsupportedRequest, 0, 0), Read(VfBar0 + 8));
    }

    [Fact]
    public void Completions_and_messages_go_by_routing_ID()
    {
        Enable(3);
        var before = _vfs[1].Received.Count;
        var length = new Completion(new Rid(0xF0, 0, 0), new Rid(0x2000 + 5), new Tag(9), CompletionStatus.UnsupportedRequest).Write(_tlp);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.Equal(before + 1, _vfs[1].Received.Count);
        length = new Completion(new Rid(0xF0, 0, 0), new Rid(0x2000 + 4), new Tag(9), CompletionStatus.UnsupportedRequest).Write(_tlp);
        var pf = _pf.Received.Count;
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.Equal((1L, pf), (_device.Dropped, _pf.Received.Count));
        length = new Message(new Rid(0xF0, 0, 0), MessageCode.PmeTurnOff, MessageRouting.BroadcastFromRootComplex).Write(_tlp);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.Equal(pf + 1, _pf.Received.Count);
    }

    [Fact]
    public void Functions_send_in_turns()
    {
        Enable(200);
        foreach (var vf in new[] { 0, 63, 64, 199 })
        {
            _vfs[vf].Send(3);
        }

        _device.Poll(Instant.Zero);
        Rid[] round = [_vfs[0].Config.Rid, _vfs[63].Config.Rid, _vfs[64].Config.Rid, _vfs[199].Config.Rid];
        Assert.Equal([.. round, .. round, .. round], TakeAll());
    }

    [Fact]
    public void A_function_whose_flow_is_closed_keeps_its_TLPs_and_its_siblings_go_on()
    {
        Enable(2);
        _device.SetFlow(_vfs[0].Config.Rid, false);
        _vfs[0].Send(2);
        _vfs[1].Send(2);
        _device.Poll(Instant.Zero);
        Assert.Equal([_vfs[1].Config.Rid, _vfs[1].Config.Rid], TakeAll());
        _device.SetFlow(_vfs[0].Config.Rid, true);
        Assert.Equal([_vfs[0].Config.Rid, _vfs[0].Config.Rid], TakeAll());
    }

    [Fact]
    public void A_configuration_request_is_answered_also_while_the_flow_is_closed_after_what_came_before_it()
    {
        Enable(2);
        _device.SetFlow(_vfs[0].Config.Rid, false);
        _vfs[0].Send(2);
        ConfigRead(_vfs[0].Config.Rid, false);
        _vfs[0].Send(2);
        _device.Poll(Instant.Zero);
        Assert.Equal([_vfs[0].Config.Rid, _vfs[0].Config.Rid, Root], TakeAll());
    }

    [Fact]
    public void FLR_of_a_VF_is_its_own_and_FLR_of_the_PF_ends_all()
    {
        Enable(2);
        var (first, second) = (_vfs[0].Resets, _vfs[1].Resets);
        Write(_vfs[0].Config.Rid, _vfs[0].Config.PcieOffset + 8, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        Assert.Equal((first, second, 2), (_vfs[0].Resets, _vfs[1].Resets, _pf.Config.SrIov!.ExistingVfs));
        Write(Physical, _pf.Config.PcieOffset + 8, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        Assert.Equal((first + 1, second + 1, 0), (_vfs[0].Resets, _vfs[1].Resets, _pf.Config.SrIov.ExistingVfs));
    }

    [Fact]
    public void Traffic_allocates_nothing()
    {
        Enable(100);
        var length = new Completion(new Rid(0xF0, 0, 0), new Rid(0x2000 + 4), new Tag(9), CompletionStatus.UnsupportedRequest).Write(_tlp);
        var into = new byte[TlpLimits.BytesMax];
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
                _device.Poll(Instant.Zero);
                Assert.False(_device.TryTake(Instant.Zero, into, out _));
            }

            Assert.True(round == 0 || GC.GetAllocatedBytesForCurrentThread() == before);
        }
    }

    private void Enable(int numVfs)
    {
        Write(Physical, SrIov + SrIovRegister.VfBar0, 0, 0xF);
        Write(Physical, SrIov + SrIovRegister.VfBar0 + 4, (uint)(VfBar0 >> 32), 0xF);
        Write(Physical, SrIov + SrIovRegister.NumVfs, (uint)numVfs, 0b0011);
        Write(Physical, SrIov + SrIovRegister.Control, SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable, 0b0011);
    }

    private void Write(Rid target, int register, uint value, int enables)
    {
        var length = new ConfigWrite(Root, new Tag(1), target, register & ~3, false, value, enables).Write(_tlp);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.Equal([Root], TakeAll());
    }

    private void ConfigRead(Rid target, bool type1)
    {
        var length = new ConfigRead(Root, new Tag(1), target, 8, type1).Write(_tlp);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
    }

    private string ClassOf(Rid target, bool type1)
    {
        ConfigRead(target, type1);
        Assert.True(_device.TryTake(Instant.Zero, _tlp, out var length));
        Assert.True(TlpView.TryParse(_tlp.AsSpan(0, length), out var view) == TlpError.None && view.IsCompletion);
        return view.Status != CompletionStatus.SuccessfulCompletion
            ? "UR"
            : $"{view.Payload[3]:x2} {view.Payload[2]:x2}{view.Payload[1]:x2} {view.Payload[0]:x2}";
    }

    private (CompletionStatus Status, int Value, int Completer) Read(ulong address)
    {
        var length = new MemoryRead(new Rid(0xF0, 0, 0), new Tag(1), address, 4).Write(_tlp);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Instant.Zero));
        Assert.True(_device.TryTake(Instant.Zero, _tlp, out length));
        Assert.True(TlpView.TryParse(_tlp.AsSpan(0, length), out var view) == TlpError.None && view.IsCompletion);
        return (view.Status, view.HasPayload ? view.Payload[0] : 0, view.Completer.DeviceFunction);
    }

    /// <summary>The requesters of what the device has to send, in order.</summary>
    private List<Rid> TakeAll()
    {
        var all = new List<Rid>();
        while (_device.TryTake(Instant.Zero, _tlp, out var length))
        {
            Assert.True(TlpView.TryParse(_tlp.AsSpan(0, length), out var view) == TlpError.None);
            all.Add(view.Requester);
        }

        return all;
    }
}
