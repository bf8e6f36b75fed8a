using CsCheck;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>A function's way into host memory (DESIGN rows 4 to 6), and what is kept out of it.</summary>
public class DmaGateTests
{
    private const ulong Memory = 0x1_2340_0000;
    private const ulong ReadOnlyMemory = 0x5000_0000;
    private static readonly Rid Function = HostBench.FunctionIn(1);

    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;
    private readonly byte[] _memory;
    private readonly byte[] _readOnly;

    public DmaGateTests()
    {
        _box = _bench.AddBoxWithFunction();
        _memory = _bench.Host.Map(Memory, 64 << 10, DmaRights.ReadWrite);
        _readOnly = _bench.Host.Map(ReadOnlyMemory, 4096, DmaRights.Read);
        new Random(3).NextBytes(_memory);
        new Random(4).NextBytes(_readOnly);
    }

    [Fact]
    public void Reads_are_answered_whole_in_order_with_every_byte() =>
        Gen.Select(Gen.Int[0, 4095], Gen.Int[1, 4096]).Sample(
            (offset, bytes) =>
            {
                bytes = Math.Min(bytes, 4096 - offset);
                _box.Tlps.Clear();
                Dma(into => new MemoryRead(Function, new Tag(33), Memory + (ulong)offset, bytes).Write(into));
                // More than the link's window holds comes as acknowledgements do.
                _bench.Pass(TimeSpan.FromMilliseconds(10));

                var got = new List<byte>();
                foreach (var (_, generation, tlp) in _box.Tlps)
                {
                    var completion = HostBench.Parse(tlp);
                    Assert.Equal(7UL, generation);
                    Assert.Equal((Function, new Tag(33), HostBench.Cpu), (completion.Requester, completion.Tag, completion.Completer));
                    Assert.Equal(bytes - got.Count, completion.ByteCount);
                    Assert.Equal((int)((Memory + (ulong)(offset + got.Count)) & 0x7F), completion.LowerAddress);
                    Assert.True(completion.Payload.Length <= _box.Link.MaxPayloadBytes);
                    var skip = completion.LowerAddress & 3;
                    got.AddRange(completion.Payload.Slice(skip, Math.Min(completion.ByteCount, completion.Payload.Length - skip)));
                    // PCIe 5.0 §2.3.1.1: only the last may end off a read completion boundary.
                    Assert.True(got.Count == bytes || (Memory + (ulong)(offset + got.Count)) % 64 == 0);
                }

                Assert.Equal(_memory[offset..(offset + bytes)], got);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Writes_land_at_their_bytes_and_nowhere_else() =>
        Gen.Select(Gen.Int[0, 4095], Gen.Int[1, 1024]).Sample(
            (offset, bytes) =>
            {
                bytes = Math.Min(bytes, 4096 - offset);
                var expected = _memory.ToArray();
                expected.AsSpan(offset, bytes).Fill(0xA5);
                var data = new byte[bytes];
                Array.Fill(data, (byte)0xA5);

                Dma(into => new MemoryWrite(Function, Memory + (ulong)offset).Write(into, data));

                Assert.Equal(expected, _memory);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Byte_enables_with_holes_are_kept()
    {
        var write = HostBench.Make(into => new MemoryWrite(Function, Memory).Write(into, [1, 2, 3, 4]));
        write[7] = 0b1001;
        _memory.AsSpan(0, 4).Fill(0xEE);

        Dma(write);

        Assert.Equal([1, 0xEE, 0xEE, 4], _memory[..4]);
    }

    [Fact]
    public void A_zero_length_read_is_answered_with_one_dword_and_a_byte_count_of_one()
    {
        Dma(into => new MemoryRead(Function, new Tag(1), ReadOnlyMemory, 0).Write(into));

        var completion = HostBench.Parse(Assert.Single(_box.Tlps).Tlp);
        Assert.Equal((TlpKind.CompletionWithData, 1, 4), (completion.Kind, completion.ByteCount, completion.Payload.Length));
    }

    [Fact]
    public void Atomics_return_what_was_there_and_change_it()
    {
        BitConverter.TryWriteBytes(_memory, 100U);
        Atomic(TlpKind.FetchAdd, Memory, BitConverter.GetBytes(7U));
        Assert.Equal(100U, BitConverter.ToUInt32(LastCompletion().Payload));
        Assert.Equal(107U, BitConverter.ToUInt32(_memory));

        BitConverter.TryWriteBytes(_memory.AsSpan(8), 5UL);
        Atomic(TlpKind.Swap, Memory + 8, BitConverter.GetBytes(9UL));
        Assert.Equal(5UL, BitConverter.ToUInt64(LastCompletion().Payload));
        Assert.Equal(9UL, BitConverter.ToUInt64(_memory, 8));

        Atomic(TlpKind.CompareAndSwap, Memory + 8, [.. BitConverter.GetBytes(8UL), .. BitConverter.GetBytes(1UL)]);
        Assert.Equal(9UL, BitConverter.ToUInt64(LastCompletion().Payload));
        Assert.Equal(9UL, BitConverter.ToUInt64(_memory, 8));
        Atomic(TlpKind.CompareAndSwap, Memory + 8, [.. BitConverter.GetBytes(9UL), .. BitConverter.GetBytes(1UL)]);
        Assert.Equal(1UL, BitConverter.ToUInt64(_memory, 8));
    }

    [Fact]
    public void A_compare_and_swap_of_16_bytes_is_unsupported()
    {
        var before = _memory.ToArray();
        Atomic(TlpKind.CompareAndSwap, Memory, [.. before[..16], .. new byte[16]]);
        Assert.Equal(CompletionStatus.UnsupportedRequest, LastCompletion().Status);
        Assert.Equal(before, _memory);
    }

    [Fact]
    public void A_write_to_the_interrupt_window_is_an_interrupt_after_the_writes_before_it()
    {
        _memory[0] = 0;
        for (byte i = 1; i <= 20; i++)
        {
            var value = i;
            _box.Send(1, 7, HostBench.Make(into => new MemoryWrite(Function, Memory).Write(into, [value])));
            _box.Send(1, 7, HostBench.Make(into => new MemoryWrite(Function, 0xFEE0_1000).Write(into, BitConverter.GetBytes(0x4000U + value))));
        }

        _bench.Settle();

        Assert.Equal(20, _bench.Host.Interrupts.Count);
        Assert.Equal((Function, 0xFEE0_1000UL, 0x4001U), _bench.Host.Interrupts[0]);
        Assert.Equal(20, _memory[0]);
        Assert.Equal(20, _bench.Slot(1).Counters.Interrupts);
    }

    [Fact]
    public void With_bus_mastering_off_reads_are_refused_writes_and_interrupts_dropped_all_counted_and_reported()
    {
        _bench.WriteConfig(Function, ConfigRegister.Command, 2);
        _box.Tlps.Clear();

        ExpectRefused(Memory);
        Dma(into => new MemoryWrite(Function, 0xFEE0_0000).Write(into, [1, 2, 3, 4]));

        Assert.Empty(_bench.Host.Interrupts);
        Assert.Equal(2, _bench.Slot(1).Counters.DmaWritesDropped);
        Assert.Contains(_bench.Events.Events, e => e.Text.Contains("bus mastering off", StringComparison.Ordinal));
    }

    [Fact]
    public void Bus_mastering_off_at_a_port_above_counts_too()
    {
        _bench.WriteConfig(HostBench.PortOf(1), ConfigRegister.Command, 2);

        ExpectRefused(Memory);
    }

    [Theory]
    [InlineData(0x9000_0000UL)]
    [InlineData(Memory - 4)]
    [InlineData(Memory + (64 << 10))]
    [InlineData(0x6000_0062UL)]
    public void Outside_mapped_memory_nothing_passes(ulong address)
    {
        // The last one starts inside this range and ends beyond it.
        _bench.Host.Map(0x6000_0000, 100, DmaRights.ReadWrite);
        ExpectRefused(address);
    }

    [Fact]
    public void Rights_are_kept()
    {
        var before = _readOnly.ToArray();

        Dma(into => new MemoryWrite(Function, ReadOnlyMemory).Write(into, [9, 9, 9, 9]));
        Dma(into => new AtomicRequest(TlpKind.FetchAdd, Function, new Tag(2), ReadOnlyMemory).Write(into, [1, 0, 0, 0]));

        Assert.Equal(before, _readOnly);
        Assert.Equal(CompletionStatus.UnsupportedRequest, LastCompletion().Status);
        Assert.Equal((1, 1), (_bench.Slot(1).Counters.DmaWritesDropped, _bench.Slot(1).Counters.DmaUnsupportedRequests));
    }

    [Fact]
    public void Refusals_are_in_the_ports_error_registers_and_go_up_as_messages_when_enabled()
    {
        // Device Control: report every kind.
        var pcie = Walk(0x10);
        _bench.WriteConfig(HostBench.PortOf(1), pcie + 8, 0xF, 0b0011);
        _bench.Up.Clear();
        var write = HostBench.Make(into => new MemoryWrite(Function, 0x9000_0000).Write(into, [1, 2, 3, 4]));

        Dma(write);

        var message = HostBench.Parse(Assert.Single(_bench.Up));
        Assert.Equal((TlpKind.Message, MessageCode.ErrNonFatal, HostBench.PortOf(1)), (message.Kind, message.MessageCode, message.Requester));
        var aer = WalkExtended(1);
        Assert.Equal(1U << 20, _bench.ReadConfig(HostBench.PortOf(1), aer + 4));
        Assert.Equal(0x4000_0001U, _bench.ReadConfig(HostBench.PortOf(1), aer + 0x1C));
        Assert.Equal(0x9000_0000U, _bench.ReadConfig(HostBench.PortOf(1), aer + 0x24));
    }

    [Fact]
    public void Another_functions_requester_id_opens_nothing()
    {
        _bench.Host.Map(0x7000_0000, 4096, DmaRights.ReadWrite);
        Dma(into => new MemoryWrite(HostBench.FunctionIn(2), Memory).Write(into, [0x77, 0x77, 0x77, 0x77]));

        Assert.Equal(1, _bench.Slot(1).Counters.DmaWritesDropped);
    }

    [Fact]
    public void An_old_or_foreign_generation_opens_nothing()
    {
        var before = _memory.ToArray();
        var write = HostBench.Make(into => new MemoryWrite(Function, Memory).Write(into, [1, 2, 3, 4]));

        _box.Send(1, 6, write);
        _box.Send(2, 7, write);
        _box.Send(1, 6, HostBench.Make(into => new MemoryRead(Function, new Tag(5), Memory, 4).Write(into)));
        _bench.Settle();

        Assert.Equal(before, _memory);
        Assert.Equal(3, _bench.Bridge.Status().Counters.StaleTlps);
        Assert.Equal(CompletionStatus.UnsupportedRequest, LastCompletion().Status);
    }

    [Fact]
    public void A_poisoned_write_is_dropped()
    {
        var before = _memory.ToArray();
        Dma(into => new MemoryWrite(Function, Memory, TlpAttributes.Poisoned).Write(into, [1, 2, 3, 4]));

        Assert.Equal(before, _memory);
        Assert.Equal(1, _bench.Slot(1).Counters.DmaWritesDropped);
    }

    [Fact]
    public void Memory_that_the_host_unmaps_before_the_answer_is_made_is_not_read_and_every_read_still_ends()
    {
        for (ushort tag = 0; tag < 250; tag++)
        {
            _box.Send(1, 7, HostBench.Make(into => new MemoryRead(Function, new Tag(tag), Memory, 4096).Write(into)));
        }

        // The link's window lets only part of a megabyte of completions out at once.
        _bench.IsDeaf = true;
        _bench.Settle();
        _bench.Host.UnmapAll();
        _bench.IsDeaf = false;
        _bench.Pass(TimeSpan.FromSeconds(2));

        var ended = _box.Tlps.Count(
            t => HostBench.Parse(t.Tlp) is var c && (c.Status != CompletionStatus.SuccessfulCompletion || c.ByteCount == c.Payload.Length));
        Assert.Equal(250, ended);
        Assert.Contains(_box.Tlps, t => HostBench.Parse(t.Tlp).Status == CompletionStatus.UnsupportedRequest);
    }

    private void ExpectRefused(ulong address)
    {
        var before = _memory.ToArray();
        _box.Tlps.Clear();

        Dma(into => new MemoryRead(Function, new Tag(17), address, 4).Write(into));
        var completion = LastCompletion();
        Assert.Equal((CompletionStatus.UnsupportedRequest, new Tag(17), Function), (completion.Status, completion.Tag, completion.Requester));

        Dma(into => new MemoryWrite(Function, address).Write(into, [1, 2, 3, 4]));
        Assert.Equal(before, _memory);
        Assert.Equal(1, _bench.Slot(1).Counters.DmaUnsupportedRequests);
        Assert.True(_bench.Slot(1).Counters.DmaWritesDropped > 0);
    }

    private void Atomic(TlpKind kind, ulong address, byte[] operands) =>
        Dma(into => new AtomicRequest(kind, Function, new Tag(6), address).Write(into, operands));

    private void Dma(HostBench.Writer write) => Dma(HostBench.Make(write));

    private void Dma(byte[] tlp)
    {
        _box.Send(1, 7, tlp);
        _bench.Settle();
    }

    private TlpView LastCompletion()
    {
        var completion = HostBench.Parse(_box.Tlps[^1].Tlp);
        Assert.True(completion.IsCompletion);
        return completion;
    }

    private int Walk(byte id)
    {
        var at = (int)(_bench.ReadConfig(HostBench.PortOf(1), 0x34) & 0xFC);
        while ((_bench.ReadConfig(HostBench.PortOf(1), at) & 0xFF) != id)
        {
            at = (int)(_bench.ReadConfig(HostBench.PortOf(1), at) >> 8 & 0xFC);
            Assert.NotEqual(0, at);
        }

        return at;
    }

    private int WalkExtended(ushort id)
    {
        var at = 0x100;
        while ((_bench.ReadConfig(HostBench.PortOf(1), at) & 0xFFFF) != id)
        {
            at = (int)(_bench.ReadConfig(HostBench.PortOf(1), at) >> 20);
            Assert.NotEqual(0, at);
        }

        return at;
    }
}
