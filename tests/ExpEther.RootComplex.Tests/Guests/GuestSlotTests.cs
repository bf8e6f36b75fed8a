using System.Buffers.Binary;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Guests;

namespace ExpEther.RootComplex.Tests.Guests;

public class GuestSlotTests
{
    private static readonly byte[] Ones4 = [0xFF, 0xFF, 0xFF, 0xFF];

    private readonly ScriptedFunction _rig = new();

    [Fact]
    public void A_whole_configuration_space_is_read_in_a_few_round_trips()
    {
        new Random(5).NextBytes(_rig.Config);
        Assert.True(_rig.Slot.TryReadConfig(0, 4096, 1));

        var trips = 0;
        for (; !_rig.Log.Reads.ContainsKey(1); trips++)
        {
            _rig.TakeAll();
            Assert.True(_rig.Requests.Count <= GuestLimits.RequestsInFlightMax);
            while (_rig.Requests.Count > 0)
            {
                _rig.Answer(0, _ => 0);
            }

            _rig.Slot.Poll(_rig.Now);
        }

        Assert.Equal(_rig.Config, _rig.Log.Reads[1]);
        Assert.Equal(4096 / 4 / GuestLimits.RequestsInFlightMax, trips);
    }

    [Fact]
    public void The_address_of_a_request_is_what_the_guest_wrote_into_the_BAR()
    {
        _rig.PlaceBar(0x12_3456_8000);
        _rig.WriteConfig(ConfigRegister.Bar0 + 8, BitConverter.GetBytes(0xFEBF_0000));
        _rig.Received.Clear();

        Assert.True(_rig.Slot.TryReadMemory(0, 0x1C, 4, 1));
        Assert.True(_rig.Slot.TryReadMemory(2, 0x803, 2, 2));
        _rig.TakeAll();

        var high = ScriptedFunction.Parse(_rig.Received[0]);
        Assert.Equal((0x12_3456_801CUL, 16), (high.Address, high.HeaderBytes));
        var low = ScriptedFunction.Parse(_rig.Received[1]);
        Assert.Equal((0xFEBF_0800UL, 12), (low.Address, low.HeaderBytes));
        Assert.Equal((0b1000, 0b0001), (low.FirstByteEnables, low.LastByteEnables));
    }

    [Fact]
    public void Sizing_a_BAR_and_placing_it_again_leaves_it_where_it_is_placed()
    {
        _rig.PlaceBar();
        foreach (var half in new[] { 0, 4 })
        {
            var before = _rig.Config.AsSpan(ConfigRegister.Bar0 + half, 4).ToArray();
            _rig.WriteConfig(ConfigRegister.Bar0 + half, Ones4);
            _rig.WriteConfig(ConfigRegister.Bar0 + half, before);
        }

        // Byte by byte is a way, too.
        _rig.WriteConfig(ConfigRegister.Bar0 + 5, [0x01]);
        Assert.True(_rig.Slot.TryReadMemory(0, 8, 4, 1));
        _rig.TakeAll();
        Assert.Equal((ScriptedFunction.BarAddress | 0x100_0000_0000) + 8, ScriptedFunction.Parse(_rig.Received[^1]).Address);
    }

    [Fact]
    public void A_BAR_write_that_was_refused_changes_nothing_and_one_that_nobody_answered_is_asked_for()
    {
        _rig.PlaceBar();
        Assert.True(_rig.Slot.TryWriteConfig(ConfigRegister.Bar0, [0, 0, 0, 0x70], 1));
        _rig.TakeAll();
        _rig.Refuse(_rig.Requests[0], CompletionStatus.UnsupportedRequest);
        _rig.Requests.Clear();
        _rig.Finish();
        Assert.False(_rig.Log.Writes[1]);
        Assert.Equal(ScriptedFunction.BarAddress, AddressOfRead());

        // Done, but the answer never came.
        Assert.True(_rig.Slot.TryWriteConfig(ConfigRegister.Bar0, [0, 0, 0, 0x60], 2));
        _rig.TakeAll();
        BitConverter.TryWriteBytes(_rig.Config.AsSpan(ConfigRegister.Bar0), 0x6000_0000);
        _rig.Requests.Clear();
        _rig.Pass(TimeSpan.FromSeconds(1));
        Assert.False(_rig.Log.Writes[2]);
        _rig.Finish();
        Assert.Equal(ScriptedFunction.BarAddress + 0x6000_0000, AddressOfRead());
    }

    [Fact]
    public void No_request_passes_an_earlier_posted_write_and_posted_writes_pass_requests_that_wait()
    {
        _rig.PlaceBar();
        _rig.Received.Clear();
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, [1]));
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 1, 1));
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, [2]));
        // Alone with its effects: what came before must be answered first.
        Assert.True(_rig.Slot.TryWriteConfig(0x40, [1], 2));
        Assert.True(_rig.Slot.TryReadConfig(0x40, 1, 3));
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, [3]));
        _rig.TakeAll();
        Assert.Equal([TlpKind.MemoryWrite, TlpKind.MemoryRead, TlpKind.MemoryWrite, TlpKind.MemoryWrite], Kinds());

        _rig.Answer(0, _ => 0);
        _rig.TakeAll();
        Assert.Equal(TlpKind.ConfigWrite1, Kinds()[^1]);
        _rig.Answer(0, _ => 0);
        _rig.TakeAll();
        Assert.Equal(TlpKind.ConfigRead1, Kinds()[^1]);
        _rig.Finish();
        Assert.Equal([1], _rig.Log.Reads[3]);
    }

    [Fact]
    public void An_empty_slot_reads_all_ones_but_not_within_the_call()
    {
        _rig.Slot.Empty();
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, 1));
        Assert.True(_rig.Slot.TryReadConfig(0, 4096, 2));
        Assert.True(_rig.Slot.TryWriteConfig(4, [6, 0], 3));
        Assert.True(_rig.Slot.TryReset(4));
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, [1]));
        Assert.Equal(0, _rig.Log.Count);
        Assert.False(_rig.TakeOne());

        Assert.True(_rig.Slot.Poll(_rig.Now));
        Assert.Equal(Ones4, _rig.Log.Reads[1]);
        Assert.All(_rig.Log.Reads[2], b => Assert.Equal(0xFF, b));
        Assert.False(_rig.Log.Writes[3]);
        Assert.False(_rig.Log.Writes[4]);
        Assert.Equal(1, _rig.Counters.WritesDropped);
    }

    [Fact]
    public void What_lies_outside_the_BARs_reads_all_ones()
    {
        _rig.PlaceBar();
        foreach (var (bar, offset) in new[] { (0, 0x3FFEUL), (0, ulong.MaxValue), (1, 0UL), (5, 0UL), (6, 0UL), (-1, 0UL) })
        {
            Assert.Equal(Ones4, _rig.Read(bar, offset, 4));
            Assert.True(_rig.Slot.TryWriteMemory(bar, offset, Ones4));
        }

        Assert.Equal(6, _rig.Counters.WritesDropped);
    }

    [Fact]
    public void When_the_function_goes_everything_ends_at_once_and_nothing_of_it_reaches_the_next()
    {
        _rig.PlaceBar();
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 2000, 1));
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, [1]));
        Assert.True(_rig.Slot.TryReadConfig(0, 4, 2));
        _rig.TakeOne();
        var old = _rig.Requests[0];

        _rig.Slot.Empty();
        Assert.Equal(0, _rig.Log.Count);
        _rig.Slot.Poll(_rig.Now);
        Assert.All(_rig.Log.Reads[1], b => Assert.Equal(0xFF, b));
        Assert.Equal(Ones4, _rig.Log.Reads[2]);
        Assert.False(_rig.TakeOne());
        Assert.Equal(1, _rig.Counters.WritesDropped);

        _rig.Refuse(old, CompletionStatus.UnsupportedRequest);
        Assert.Equal(1, _rig.Counters.CompletionsLate);
        Assert.Equal(2, _rig.Log.Count);
    }

    [Fact]
    public void A_reset_ends_when_the_function_answers_again()
    {
        _rig.PlaceBar();
        var control = ScriptedFunction.PcieOffset + PcieRegister.DeviceControl;
        _rig.Config[ConfigRegister.Command] = 6;
        _rig.Config[control] = 0x2F;
        Assert.True(_rig.Slot.TryReset(9));
        Assert.False(_rig.Slot.TryReset(10));
        _rig.Pass(default);
        _rig.Finish();
        Assert.Equal(0, _rig.Config[ConfigRegister.Command]);
        Assert.Equal(0x802F, BinaryPrimitives.ReadUInt16LittleEndian(_rig.Config.AsSpan(control)));
        // §6.6.2: not asked for 100 ms.
        _rig.Received.Clear();
        _rig.Pass(TimeSpan.FromMilliseconds(99));
        _rig.TakeAll();
        Assert.Empty(_rig.Received);

        _rig.Pass(TimeSpan.FromMilliseconds(1));
        _rig.TakeAll();
        _rig.Refuse(Assert.Single(_rig.Requests), CompletionStatus.ConfigurationRequestRetry);
        _rig.Requests.Clear();
        _rig.Finish();
        Assert.Empty(_rig.Log.Writes);
        _rig.Pass(TimeSpan.FromMilliseconds(100));
        _rig.Finish();
        Assert.True(_rig.Log.Writes[9]);
        Assert.Equal(0UL, AddressOfRead());
    }

    [Fact]
    public void A_reset_of_a_function_that_stays_silent_or_goes_ends_before_the_monitor_gives_up()
    {
        Assert.True(_rig.Slot.TryReset(1));
        for (var ms = 0; ms <= 6000; ms += 50)
        {
            _rig.Pass(TimeSpan.FromMilliseconds(50));
            _rig.TakeAll();
            Assert.True(ms <= 4900 || _rig.Log.Writes.ContainsKey(1));
        }

        Assert.False(_rig.Log.Writes[1]);
        Assert.True(_rig.Slot.TryReset(2));
        _rig.Pass(default);
        _rig.Slot.Empty();
        _rig.Finish();
        Assert.False(_rig.Log.Writes[2]);
    }

    [Fact]
    public void A_guests_own_function_level_reset_clears_its_BARs()
    {
        _rig.PlaceBar();
        _rig.WriteConfig(ScriptedFunction.PcieOffset + PcieRegister.DeviceControl, [0x10, 0x20]);
        Assert.Equal(ScriptedFunction.BarAddress, AddressOfRead());
        _rig.WriteConfig(ScriptedFunction.PcieOffset + PcieRegister.DeviceControl, [0x10, 0xA0]);
        Assert.Equal(0UL, AddressOfRead());
    }

    [Fact]
    public void More_accesses_than_there_is_room_for_are_to_be_offered_again()
    {
        _rig.PlaceBar();
        for (var i = 0; i < GuestLimits.AccessesPerSlotMax; i++)
        {
            Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, (ulong)i));
        }

        Assert.False(_rig.Slot.TryReadMemory(0, 0, 4, 1000));
        Assert.False(_rig.Slot.TryWriteConfig(0, [0], 1000));
        var writes = 0;
        while (_rig.Slot.TryWriteMemory(0, 0, new byte[4096]))
        {
            writes++;
        }

        Assert.InRange(writes, GuestLimits.AccessBytesMax / 4096, GuestLimits.PostedBytesPerSlotMax / 4096);
        _rig.Finish();
        Assert.Equal(GuestLimits.AccessesPerSlotMax, _rig.Log.Count);
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, 1000));
        Assert.True(_rig.Slot.TryWriteMemory(0, 0, new byte[4096]));
    }

    [Fact]
    public void A_sink_may_begin_the_next_access_as_one_ends()
    {
        _rig.Slot.Empty();
        var next = 1UL;
        _rig.Log.Ended = () =>
        {
            if (next < 1000)
            {
                Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, ++next));
            }
        };
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, next));
        while (_rig.Slot.Poll(_rig.Now))
        {
        }

        Assert.Equal(1000, _rig.Log.Count);
    }

    [Fact]
    public void Accesses_in_a_steady_state_allocate_nothing()
    {
        _rig.PlaceBar();
        var sink = new SilentSink();
        _rig.Slot.Sink = sink;
        var tlp = new byte[TlpLimits.BytesMax];
        var best = long.MaxValue;
        for (var window = 0; window < 4 && best > 0; window++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 400; i++)
            {
                Assert.True(_rig.Slot.TryReadMemory(0, 0x14, 4, 1) && _rig.Slot.TryReadMemory(0, 0x3E, 8, 1) && _rig.Slot.TryReadConfig(0, 256, 1)
                    && _rig.Slot.TryWriteConfig(4, [6, 0], 2) && _rig.Slot.TryWriteMemory(0, 0x1000, [1, 0, 0, 0]));
                Serve(tlp);
            }

            best = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, best);
        Assert.True(sink.Ends >= 1600);
    }

    private void Serve(byte[] tlp)
    {
        Span<byte> data = stackalloc byte[16];
        while (_rig.Slot.TryTake(_rig.Now, tlp, out var length))
        {
            TlpView.TryParse(tlp.AsSpan(0, length), out var view);
            if (view.Class == TlpClass.NonPosted)
            {
                var header = Completion.To(view, ScriptedFunction.VfH, CompletionStatus.SuccessfulCompletion);
                length = view.Kind == TlpKind.ConfigWrite1 ? header.Write(tlp) : header.Write(tlp, data[..(view.LengthDw * 4)]);
                _rig.Slot.TryAccept(tlp.AsSpan(0, length), _rig.Now);
            }
        }

        _rig.Slot.Poll(_rig.Now);
    }

    private ulong AddressOfRead()
    {
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, 0xADD));
        _rig.TakeAll();
        var address = ScriptedFunction.Parse(Assert.Single(_rig.Requests)).Address;
        _rig.Refuse(_rig.Requests[0], CompletionStatus.UnsupportedRequest);
        _rig.Requests.Clear();
        _rig.Finish();
        _rig.Log.Reads.Remove(0xADD);
        return address;
    }

    private TlpKind[] Kinds() => [.. _rig.Received.Select(tlp => ScriptedFunction.Parse(tlp).Kind)];

    private sealed class SilentSink : IGuestAccessSink
    {
        public int Ends { get; private set; }

        public void OnRead(ulong token, ReadOnlySpan<byte> data) => Ends++;

        public void OnWritten(ulong token, bool isDone) => Ends++;
    }
}
