using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>DMA to memory that the host must be asked for: late, in order, and within bounds.</summary>
public class AskedMemoryTests
{
    private const ulong Asked = 0x9_0000_0000;
    private const ulong Mapped = 0x1_0000;
    private const ulong Messages = 0xFEE0_2000;
    private static readonly Rid Function = HostBench.FunctionIn(1);

    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;
    private readonly AskedRange _asked;
    private readonly byte[] _mapped;

    public AskedMemoryTests()
    {
        _asked = new AskedRange(_bench.Host, Asked, 64 << 10);
        _bench.Host.Asked = _asked;
        _mapped = _bench.Host.Map(Mapped, 4096, DmaRights.ReadWrite);
        new Random(8).NextBytes(_asked.Bytes);
        new Random(9).NextBytes(_mapped);
        _box = _bench.AddBoxWithFunction();
        _asked.Log.Clear();
    }

    [Fact]
    public void Writes_go_by_asking_each_run_of_bytes_by_itself()
    {
        Write(Asked + 3, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        var holes = HostBench.Make(into => new MemoryWrite(Function, Asked + 0x20).Write(into, [9, 9, 9, 9, 9, 9, 9, 9]));
        // Bytes 0, 2 and 3 of the first DW, 0 of the second (PCIe 5.0 §2.2.5).
        holes[7] = 0x1D;
        var before = _asked.Bytes[0x21];
        Send(holes);

        Assert.Equal(["write 3 9", "write 20 1", "write 22 3"], _asked.Log);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], _asked.Bytes[3..12]);
        Assert.Equal(before, _asked.Bytes[0x21]);
        Assert.Equal(2, _bench.Slot(1).Counters.DmaWrites);
    }

    [Fact]
    public void Answers_stay_in_order_whenever_the_data_come()
    {
        Read(1, Asked + 5, 3001);
        Read(2, Mapped, 8);
        Read(3, Asked + 0x2000, 4);
        Assert.Empty(_box.Tlps);
        Assert.Equal(2, _asked.Tickets.Count);

        _asked.End(_asked.Tickets[1]);
        _bench.Settle();
        Assert.Empty(_box.Tlps);
        _asked.End(_asked.Tickets[0]);
        _bench.Settle();

        var answers = _box.Tlps.Select(t => t.Tlp).ToList();
        var first = new List<byte>();
        foreach (var tlp in answers.Where(t => HostBench.Parse(t).Tag == new Tag(1)))
        {
            var view = HostBench.Parse(tlp);
            Assert.Equal(3001 - first.Count, view.ByteCount);
            var skip = view.LowerAddress & 3;
            first.AddRange(view.Payload.Slice(skip, Math.Min(view.ByteCount, view.Payload.Length - skip)));
        }

        Assert.Equal(_asked.Bytes[5..3006], first);
        Assert.Equal(_mapped.AsSpan(0, 8), HostBench.Parse(answers[^2]).Payload);
        Assert.Equal(new Tag(3), HostBench.Parse(answers[^1]).Tag);
        Assert.Equal(_asked.Bytes.AsSpan(0x2000, 4), HostBench.Parse(answers[^1]).Payload);
    }

    [Fact]
    public void A_read_that_the_host_fails_is_unsupported_and_the_next_is_answered()
    {
        Read(1, Asked, 256);
        Read(2, Asked + 256, 4);
        _asked.End(_asked.Tickets[0], AskedRead.Failed);
        _asked.End(_asked.Tickets[1]);
        _bench.Settle();
        Assert.Equal(
            [(new Tag(1), CompletionStatus.UnsupportedRequest), (new Tag(2), CompletionStatus.SuccessfulCompletion)],
            _box.Tlps.Select(t => (HostBench.Parse(t.Tlp).Tag, HostBench.Parse(t.Tlp).Status)));
        Assert.Equal(1, _bench.Slot(1).Counters.DmaUnsupportedRequests);
    }

    [Fact]
    public void Reads_that_find_no_room_are_asked_for_later_oldest_first()
    {
        _asked.ReadRoom = 2;
        for (ushort tag = 1; tag <= 6; tag++)
        {
            Read(tag, Asked + tag, 1);
        }

        for (var i = 0; i < 6; i++)
        {
            Assert.True(_asked.Tickets.Count <= 2);
            _asked.End(_asked.Tickets[0]);
            _bench.Settle();
        }

        Assert.Equal([1, 2, 3, 4, 5, 6], _box.Tlps.Select(t => (int)HostBench.Parse(t.Tlp).Tag.Value));
        Assert.Equal(_asked.Bytes[1..7], _box.Tlps.Select(t => HostBench.Parse(t.Tlp) is var v ? v.Payload[v.LowerAddress & 3] : (byte)0));
    }

    [Fact]
    public void Nothing_of_a_function_passes_its_own_write_that_found_no_room()
    {
        _asked.Room = 1;
        Write(Asked, [1]);
        Write(Asked + 1, [2]);
        Interrupt(7);
        Write(Mapped, [0x5A]);
        Read(1, Mapped, 1);
        Write(Asked + 2, [3]);
        Interrupt(8);
        Assert.Equal(["write 0 1"], _asked.Log);
        Assert.NotEqual(0x5A, _mapped[0]);
        Assert.Empty(_box.Tlps);

        _asked.Room = 1;
        _bench.Settle();
        Assert.Equal(["write 0 1", "write 1 1", "interrupt 7"], _asked.Log);
        Assert.Equal(0x5A, HostBench.Parse(Assert.Single(_box.Tlps).Tlp).Payload[0]);
        _asked.Room = 1;
        _bench.Settle();
        Assert.Equal(["write 0 1", "write 1 1", "interrupt 7", "write 2 1", "interrupt 8"], _asked.Log);
    }

    [Fact]
    public void What_does_not_fit_is_dropped_counted_and_reported_and_the_rest_is_done_in_order()
    {
        _asked.Room = 0;
        var sent = 0;
        for (; _bench.Slot(1).Counters.DmaWritesDropped == 0; sent++)
        {
            Assert.True(sent < 1000);
            Write(Asked + (ulong)(sent % 16 * 1024), new byte[1024]);
        }

        var small = 0;
        for (; _bench.Slot(1).Counters.DmaWritesDropped == 1; small++)
        {
            Write(Asked, [(byte)small, 1, 2, 3]);
        }

        // What is left is less than a write takes; one read may still find its place.
        Read(5, Mapped, 4);
        Read(6, Mapped, 4);
        Assert.Equal((new Tag(6), CompletionStatus.UnsupportedRequest), HostBench.Parse(_box.Tlps[^1].Tlp) is var v ? (v.Tag, v.Status) : default);
        Assert.Contains(_bench.Events.Events, e => e.Text.Contains("does not take in time", StringComparison.Ordinal));
        Assert.InRange(sent, 200, 256);

        _asked.Room = int.MaxValue;
        _bench.Settle();
        Assert.Equal(
            Enumerable.Range(0, sent - 1).Select(i => $"write {i % 16 * 1024:x} 1024").Concat(Enumerable.Repeat("write 0 4", small - 1)), _asked.Log);
        Write(Asked, [1]);
        Assert.Equal("write 0 1", _asked.Log[^1]);
    }

    [Fact]
    public void An_atomic_there_is_unsupported()
    {
        var before = _asked.Bytes.ToArray();
        Send(HostBench.Make(into => new AtomicRequest(TlpKind.FetchAdd, Function, new Tag(1), Asked).Write(into, [1, 0, 0, 0])));
        Assert.Equal(CompletionStatus.UnsupportedRequest, HostBench.Parse(Assert.Single(_box.Tlps).Tlp).Status);
        Assert.Equal(before, _asked.Bytes);
    }

    [Fact]
    public void When_the_function_goes_nothing_of_it_is_done_any_more_and_the_hosts_table_empties()
    {
        Read(1, Asked, 4);
        Read(2, Asked, 4);
        _asked.Room = 0;
        Write(Asked, [1]);
        _box.Withdraw(1, 7);
        _bench.Settle();

        _asked.Room = int.MaxValue;
        _asked.End(_asked.Tickets[0]);
        _asked.End(_asked.Tickets[1], AskedRead.Failed);
        _bench.Settle();
        Assert.Empty(_asked.Tickets);
        Assert.Empty(_box.Tlps);
        Assert.Empty(_asked.Log);
    }

    private void Write(ulong address, byte[] data) => Send(HostBench.Make(into => new MemoryWrite(Function, address).Write(into, data)));

    private void Interrupt(uint data) => Write(Messages, BitConverter.GetBytes(data));

    private void Read(ushort tag, ulong address, int bytes) =>
        Send(HostBench.Make(into => new MemoryRead(Function, new Tag(tag), address, bytes).Write(into)));

    private void Send(byte[] tlp)
    {
        _box.Send(1, 7, tlp);
        _bench.Settle();
    }
}
