using ExpEther.Bridge.Io.Status;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// The table of ARCHITECTURE.md, "The life of a TLP", row by row: two hosts whose addresses, requester IDs, bus numbers and tags are all
/// equal, each with a function of the same box, in parallel; on frames captured between the bridges and on TLPs that reached the devices.
/// Once with a VLAN for each host, once with both hosts in one VLAN, told apart by MAC alone, and once with virtual functions of one device.
/// </summary>
public abstract class LifeOfATlpTests
{
    private readonly TestFabric _fabric = new();
    private readonly FabricHost[] _hosts;
    private readonly ProbeDevice[] _devices = [new(), new()];
    private readonly SrIovDevice? _shared;
    private readonly FabricBox _box;
    private readonly PciFunction[] _functions;

    protected LifeOfATlpTests(int vlan1, int vlan2, bool isShared = false)
    {
        if (isShared)
        {
            _shared = ProbeDevice.MakeShared(2, out _devices);
        }

        _hosts = [_fabric.AddHost("host1", vlan1), _fabric.AddHost("host2", vlan2)];
        _box = _fabric.AddBox("box1", b =>
        {
            if (_shared is not null)
            {
                b.AddDevice("probe", _shared, 2);
                return;
            }

            b.AddDevice("probe1", _devices[0]);
            b.AddDevice("probe2", _devices[1]);
        });
        _fabric.Capture.IsOn = true;
        _fabric.Start();
        // Row 8: the box has configured its devices and none of that has left it.
        Assert.Empty(_fabric.Capture.Tlps);
        _fabric.Attach(_box, Name(0), _hosts[0]);
        _fabric.Attach(_box, Name(1), _hosts[1]);
        _functions = [_hosts[0].Probes.Functions[0], _hosts[1].Probes.Functions[0]];
        _fabric.Settle();
        Assert.Equal(_functions[0].Rid, _functions[1].Rid);
        Assert.Equal(_functions[0].Bars[0].Address, _functions[1].Bars[0].Address);
        Assert.NotEqual(Function(0).HostIo, Function(1).HostIo);
        Forget();
    }

    [Fact]
    public void Rows_1_and_2_mmio_is_swapped_on_the_way_to_the_device_and_back()
    {
        for (var i = 0; i < 2; i++)
        {
            BitConverter.TryWriteBytes(_devices[i].Memory.AsSpan(0x40), 0x1111_1111 * (i + 1));
            Assert.True(_functions[i].TryWrite32(0, 0x80, 0xA0U + (uint)i));
        }

        var values = new ulong?[2];
        for (var i = 0; i < 2; i++)
        {
            var index = i;
            _fabric.Scheduler.Start(async () => values[index] = (await _functions[index].Read32Async(0, 0x40)).Value);
        }

        _fabric.Until(() => values.All(v => v is not null));

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(0x1111_1111UL * (ulong)(i + 1), values[i]);
            Assert.Equal(0xA0 + i, _devices[i].Memory[0x80]);

            var memH = _functions[i].Bars[0].Address.Value;
            var write = Assert.Single(ToBox(i), t => t.Kind == TlpKind.MemoryWrite);
            var read = Assert.Single(ToBox(i), t => t.Kind == TlpKind.MemoryRead);
            Assert.Equal((memH + 0x80, HostH), (write.View.Address, write.View.Requester));
            Assert.Equal((memH + 0x40, HostH), (read.View.Address, read.View.Requester));

            var memIo = Function(i).Bars.Single(b => b.Index == 0).MemIo.Value;
            var atDevice = Assert.Single(_devices[i].Received, t => Parse(t).Kind == TlpKind.MemoryRead);
            Assert.Equal((memIo + 0x40, Function(i).HostIo, read.View.Tag), (Parse(atDevice).Address, Parse(atDevice).Requester, Parse(atDevice).Tag));
            Assert.Contains(
                _devices[i].Received,
                t => Parse(t).Kind == TlpKind.MemoryWrite && Parse(t).Address == memIo + 0x80 && Parse(t).Requester == Function(i).HostIo);

            var completion = Assert.Single(ToHost(i), t => t.Kind == TlpKind.CompletionWithData);
            Assert.Equal((HostH, VfH(i), read.View.Tag), (completion.View.Requester, completion.View.Completer, completion.View.Tag));
        }

        // Equal to the last bit where the hosts see them: only the frame tells them apart.
        Assert.Equal(ToBox(0).Single(t => t.Kind == TlpKind.MemoryRead).Bytes, ToBox(1).Single(t => t.Kind == TlpKind.MemoryRead).Bytes);
    }

    [Fact]
    public void Row_3_configuration_is_answered_by_the_virtual_space_and_bus_mastering_reaches_the_device()
    {
        Assert.True(_devices[0].Config.BusMasterEnable);

        _fabric.Run(() => _functions[0].SetBusMasterAsync(false));

        Assert.False(_devices[0].Config.BusMasterEnable);
        Assert.True(_devices[1].Config.BusMasterEnable);
        var write = ToBox(0).Last(t => t.Kind == TlpKind.ConfigWrite0);
        Assert.Equal((VfH(0), HostH), (write.View.ConfigTarget, write.View.Requester));
        Assert.Contains(ToHost(0), t => t.Kind == TlpKind.Completion && t.View.Completer == VfH(0) && t.View.Tag == write.View.Tag);

        // What the host wrote into the BAR is Mem_H; the device's own is Mem_IO.
        var seen = _fabric.Run(async () => (await _functions[0].ReadConfigAsync(0x10)).Value);
        Assert.Equal((uint)_functions[0].Bars[0].Address.Value, seen & ~0xFU);
        Assert.NotEqual(_functions[0].Bars[0].Address.Value, _devices[0].Config.BarAddress(0));
    }

    [Fact]
    public void Rows_4_and_5_dma_goes_to_the_functions_own_host_at_the_same_address_and_tag_and_back()
    {
        var buffers = _hosts.Select(h => h.RootComplex.Memory.Allocate(8192)).ToArray();
        Assert.Equal(buffers[0], buffers[1]);
        for (var i = 0; i < 2; i++)
        {
            _hosts[i].RootComplex.Memory.SpanOf(buffers[i])[..4096].Fill((byte)(0x10 + i));
            var (device, data) = (_devices[i], new byte[300]);
            Array.Fill(data, (byte)(0x20 + i));
            device.Send(into => new MemoryRead(device.Config.Rid, new Tag(5), buffers[i].Address.Value, 4096).Write(into));
            device.Send(into => new MemoryWrite(device.Config.Rid, buffers[i].Address.Value + 4096).Write(into, data));
        }

        _fabric.Pass(TimeSpan.FromMilliseconds(20));

        for (var i = 0; i < 2; i++)
        {
            var address = buffers[i].Address.Value;
            var read = Assert.Single(ToHost(i), t => t.Kind == TlpKind.MemoryRead);
            Assert.Equal((address, VfH(i), new Tag(5)), (read.View.Address, read.View.Requester, read.View.Tag));
            Assert.All(ToHost(i).Where(t => t.Kind == TlpKind.MemoryWrite), t => Assert.Equal(VfH(i), t.View.Requester));

            var onWire = ToBox(i).Where(t => t.Kind == TlpKind.CompletionWithData).ToList();
            Assert.True(onWire.Count >= 4);
            Assert.All(onWire, t => Assert.Equal((VfH(i), HostH), (t.View.Requester, t.View.Completer)));
            var atDevice = _devices[i].Received.Where(t => Parse(t).Kind == TlpKind.CompletionWithData).ToList();
            Assert.All(atDevice, t => Assert.Equal((Function(i).VfIo, Function(i).HostIo, new Tag(5)), (Parse(t).Requester, Parse(t).Completer, Parse(t).Tag)));
            Assert.Equal(Enumerable.Repeat((byte)(0x10 + i), 4096), atDevice.SelectMany(t => Parse(t).Payload.ToArray()));
            Assert.Equal(-1, _hosts[i].RootComplex.Memory.SpanOf(buffers[i]).Slice(4096, 300).IndexOfAnyExcept((byte)(0x20 + i)));
        }
    }

    [Fact]
    public void Row_6_an_interrupt_follows_the_writes_before_it_and_reaches_the_functions_own_host()
    {
        var buffer = _hosts[1].RootComplex.Memory.Allocate(4096);
        var device = _devices[1];
        device.Send(into => new MemoryWrite(device.Config.Rid, buffer.Address.Value).Write(into, [7, 7, 7, 7]));
        device.RaiseInterrupt(0);

        _fabric.Until(() => _hosts[1].Probes.Interrupts.Count > 0);

        var writes = ToHost(1).Where(t => t.Kind == TlpKind.MemoryWrite).ToList();
        Assert.Equal(buffer.Address.Value, writes[0].View.Address);
        Assert.Equal(0xFEEUL, writes[1].View.Address >> 20);
        Assert.Equal(VfH(1), writes[1].View.Requester);
        Assert.Equal(7, _hosts[1].RootComplex.Memory.SpanOf(buffer)[0]);
        Assert.Equal(1, _hosts[1].Bridge.Status().Slots[0].Counters.Interrupts);
        Assert.Empty(_hosts[0].Probes.Interrupts);
    }

    [Fact]
    public void Row_7_an_error_message_comes_from_the_function_that_the_host_knows()
    {
        var device = _devices[0];
        device.Send(into => new Message(device.Config.Rid, MessageCode.ErrNonFatal, MessageRouting.ToRootComplex).Write(into));

        _fabric.Until(() => _hosts[0].RootComplex.Counters.ErrorsNonFatal == 1);

        var message = Assert.Single(ToHost(0), t => t.Kind == TlpKind.Message);
        Assert.Equal((VfH(0), MessageCode.ErrNonFatal), (message.View.Requester, message.View.MessageCode));
        Assert.Equal(0, _hosts[1].RootComplex.Counters.ErrorsNonFatal);
    }

    [Fact]
    public void Row_9_what_fits_no_row_ends_at_the_bridge_that_sees_it()
    {
        var device = _devices[0];
        var foreign = new Rid(0x55, 0, 0);
        device.Send(into => new MemoryRead(foreign, new Tag(9), 0x1_0000_0000, 4).Write(into));
        device.Send(into => new MemoryWrite(foreign, 0x1_0000_0000).Write(into, [1, 2, 3, 4]));
        _fabric.Pass(TimeSpan.FromMilliseconds(5));

        Assert.DoesNotContain(_fabric.Capture.Tlps, t => t.View.IsMemory);
        if (_shared is not null)
        {
            // The answer came, and is for none of its functions.
            Assert.Equal((1L, 0), (_shared.Dropped, device.Received.Count));
            return;
        }

        var answer = Parse(Assert.Single(device.Received));
        Assert.Equal((CompletionStatus.UnsupportedRequest, foreign, new Tag(9)), (answer.Status, answer.Requester, answer.Tag));
    }

    [Fact]
    public void Atomics_work_both_ways()
    {
        var device = _devices[0];
        var memory = _hosts[0].RootComplex.Memory;
        var buffer = memory.Allocate(4096);
        BitConverter.TryWriteBytes(memory.SpanOf(buffer), 41U);
        device.Send(into => new AtomicRequest(TlpKind.FetchAdd, device.Config.Rid, new Tag(3), buffer.Address.Value).Write(into, [1, 0, 0, 0]));
        _fabric.Pass(TimeSpan.FromMilliseconds(5));

        Assert.Equal(42U, BitConverter.ToUInt32(memory.SpanOf(buffer)));
        var completion = Parse(Assert.Single(device.Received));
        Assert.Equal(41U, BitConverter.ToUInt32(completion.Payload));
        Assert.Equal(Function(0).VfIo, completion.Requester);
    }

    [Fact]
    public void Dma_that_the_host_does_not_allow_is_refused_or_dropped_counted_and_reported()
    {
        var device = _devices[0];
        var readOnly = _hosts[0].RootComplex.Memory.Allocate(4096, rights: DmaRights.Read);
        var outside = _hosts[0].RootComplex.Memory.Base.Value + (ulong)_hosts[0].RootComplex.Memory.Bytes - 4096;
        device.Send(into => new MemoryRead(device.Config.Rid, new Tag(1), outside, 64).Write(into));
        device.Send(into => new MemoryWrite(device.Config.Rid, outside).Write(into, new byte[64]));
        device.Send(into => new MemoryWrite(device.Config.Rid, readOnly.Address.Value).Write(into, [9, 9, 9, 9]));
        _fabric.Pass(TimeSpan.FromMilliseconds(20));

        var counters = _hosts[0].Bridge.Status().Slots[0].Counters;
        Assert.Equal((1, 2), (counters.DmaUnsupportedRequests, counters.DmaWritesDropped));
        Assert.Equal(CompletionStatus.UnsupportedRequest, Parse(Assert.Single(device.Received)).Status);
        Assert.Equal(0, _hosts[0].RootComplex.Memory.SpanOf(readOnly)[0]);
        Assert.Contains(_fabric.Events.Events, e => e.Text.Contains("outside mapped memory", StringComparison.Ordinal));
        Assert.True(_hosts[0].RootComplex.Counters.ErrorsNonFatal > 0);

        _fabric.Run(() => _functions[0].SetBusMasterAsync(false));
        device.Received.Clear();
        device.Send(into => new MemoryRead(device.Config.Rid, new Tag(2), outside, 64).Write(into));
        _fabric.Pass(TimeSpan.FromMilliseconds(20));
        Assert.Equal(CompletionStatus.UnsupportedRequest, Parse(Assert.Single(device.Received)).Status);
    }

    private static Rid HostH => new(0, 0, 0);

    private Rid VfH(int i) => _functions[i].Rid;

    private IoFunctionStatus Function(int i) => _box.Function(Name(i));

    private string Name(int i) => _shared is null ? $"probe{i + 1}" : $"probe.vf{i + 1}";

    private List<CapturedTlp> ToBox(int i) => [.. _fabric.Capture.Tlps.Where(t => t.Source == _hosts[i].Mac && IsIn(t, i))];

    private List<CapturedTlp> ToHost(int i) => [.. _fabric.Capture.Tlps.Where(t => t.Destination == _hosts[i].Mac && IsIn(t, i))];

    private bool IsIn(CapturedTlp tlp, int i)
    {
        Assert.Equal((_hosts[i].Vlan, Function(i).Number, Function(i).Generation), (tlp.Vlan, tlp.Function, tlp.Generation));
        return true;
    }

    private static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    private void Forget()
    {
        _fabric.Capture.Clear();
        _devices[0].Received.Clear();
        _devices[1].Received.Clear();
    }

    public sealed class InVlansOfTheirOwn() : LifeOfATlpTests(101, 102);

    public sealed class InOneVlan() : LifeOfATlpTests(100, 100);

    public sealed class OfOneDevice() : LifeOfATlpTests(101, 102, isShared: true);
}
