using ExpEther.Bridge.Hosts;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// A host tells its virtual function to read, write and interrupt where it has no business: in memory that it has not mapped, at the places of
/// others' functions, in others' interrupt windows. It ends at that host's own bridge, counted there, and the other host notices nothing.
/// </summary>
public sealed class HostileFunctionTests
{
    private readonly TestFabric _fabric = new();
    private readonly FabricHost _victim;
    private readonly FabricHost _rogue;
    private readonly ProbeDevice _function;
    private readonly PciFunction _atVictim;
    private readonly PciFunction _atRogue;
    private readonly SlotCounters _before;
    private readonly DmaBuffer _buffer;

    public HostileFunctionTests()
    {
        _victim = _fabric.AddHost("host1", 101);
        _rogue = _fabric.AddHost("host2", 102);
        var device = ProbeDevice.MakeShared(2, out var virtuals);
        _function = virtuals[1];
        var box = _fabric.AddBox("box1", b => b.AddDevice("probe", device, 2));
        _fabric.Start();
        _fabric.Attach(box, "probe.vf1", _victim);
        _fabric.Attach(box, "probe.vf2", _rogue);
        (_atVictim, _atRogue) = (_victim.Probes.Functions[0], _rogue.Probes.Functions[0]);

        // What only the victim has mapped; the addresses are the same in both hosts.
        _buffer = _victim.RootComplex.Memory.Allocate(64 << 10);
        _victim.RootComplex.Memory.SpanOf(_buffer).Fill(0x5A);
        _fabric.Settle();
        _function.Received.Clear();
        _before = _victim.Bridge.Status().Slots[0].Counters;
    }

    private ulong Secret => _buffer.Address.Value + (32 << 10);

    [Fact]
    public void Reads_and_writes_where_its_host_has_mapped_nothing_end_there()
    {
        ulong[] places =
        [
            Secret, 0, _atVictim.Bars[0].Address.Value, _function.Config.PhysicalFunction!.BarAddress(0),
            _function.Config.PhysicalFunction.SrIov!.VfBarAddress(0),
        ];
        ushort tag = 0;
        foreach (var place in places)
        {
            var t = tag++;
            _function.Send(into => new MemoryRead(_function.Config.Rid, new Tag(t), place, 64).Write(into));
            _function.Send(into => new MemoryWrite(_function.Config.Rid, place).Write(into, new byte[] { 6, 6, 6, 6 }));
        }

        _fabric.Pass(TimeSpan.FromMilliseconds(20));
        Assert.Equal(places.Length, _function.Received.Count);
        Assert.All(_function.Received, tlp =>
        {
            Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
            Assert.Equal(CompletionStatus.UnsupportedRequest, view.Status);
        });
        var counters = _rogue.Bridge.Status().Slots[0].Counters;
        Assert.Equal((places.Length, places.Length), (counters.DmaUnsupportedRequests, counters.DmaWritesDropped));
        ExpectVictimUnharmed();
    }

    [Fact]
    public void Interrupts_aimed_at_others_raise_none_there()
    {
        // Vector 0 aims at memory that only the victim has mapped; the data and the window itself are the same in both hosts.
        Assert.True(_atRogue.TryWrite32(2, 0, (uint)Secret) && _atRogue.TryWrite32(2, 4, (uint)(Secret >> 32)));
        _fabric.Settle();
        _function.RaiseInterrupt(0);
        for (uint data = 0; data < 64; data++)
        {
            var bytes = BitConverter.GetBytes(data);
            _function.Send(into => new MemoryWrite(_function.Config.Rid, 0xFEE0_0000 + (data << 12)).Write(into, bytes));
        }

        _fabric.Pass(TimeSpan.FromMilliseconds(20));
        var counters = _rogue.Bridge.Status().Slots[0].Counters;
        Assert.Equal((1, 64), (counters.DmaWritesDropped, counters.Interrupts));
        ExpectVictimUnharmed();
    }

    private void ExpectVictimUnharmed()
    {
        Assert.Empty(_victim.Probes.Interrupts);
        Assert.Equal(-1, _victim.RootComplex.Memory.SpanOf(_buffer).IndexOfAnyExcept((byte)0x5A));
        Assert.Equal(_before, _victim.Bridge.Status().Slots[0].Counters);
        var value = _fabric.Run(async () => await _atVictim.Read32Async(0, 0x40));
        Assert.Equal(0UL, value.Value);
    }
}
