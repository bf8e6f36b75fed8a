using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>A box that holds the key and keeps no rule: whatever it sends is bounded, counted, and reaches nothing that is not its function's.</summary>
public class HostileBoxTests
{
    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;

    public HostileBoxTests() => _box = _bench.AddBoxWithFunction();

    [Theory]
    [InlineData(MessageCode.ErrFatal, 2)]
    [InlineData(MessageCode.PmPme, 4)]
    public void A_message_under_another_functions_id_does_not_go_up(MessageCode code, int bus)
    {
        Send(into => new Message(new Rid(bus, 0, 0), code, MessageRouting.ToRootComplex).Write(into));

        // The port reports what it refused, in its own name.
        Assert.All(
            _bench.Up, t => Assert.Equal((HostBench.PortOf(1), MessageCode.ErrNonFatal), (HostBench.Parse(t).Requester, HostBench.Parse(t).MessageCode)));
        Assert.Equal((0, 1), (_bench.Slot(1).Counters.Messages, _bench.Slot(1).Counters.Malformed));
    }

    [Theory]
    [InlineData(MessageCode.AssertIntA)]
    [InlineData(MessageCode.PmeTurnOff)]
    [InlineData(MessageCode.SetSlotPowerLimit)]
    [InlineData(MessageCode.Unlock)]
    public void A_message_that_is_no_functions_to_send_does_not_go_up(MessageCode code)
    {
        Send(into => new Message(HostBench.FunctionIn(1), code, MessageRouting.ToRootComplex).Write(into));

        // The port reports what it refused, in its own name.
        Assert.All(
            _bench.Up, t => Assert.Equal((HostBench.PortOf(1), MessageCode.ErrNonFatal), (HostBench.Parse(t).Requester, HostBench.Parse(t).MessageCode)));
        Assert.Equal((0, 1), (_bench.Slot(1).Counters.Messages, _bench.Slot(1).Counters.Malformed));
    }

    [Fact]
    public void Errors_and_PME_of_the_function_do_go_up()
    {
        Send(into => new Message(HostBench.FunctionIn(1), MessageCode.ErrNonFatal, MessageRouting.ToRootComplex).Write(into));
        Send(into => new Message(HostBench.FunctionIn(1), MessageCode.PmPme, MessageRouting.ToRootComplex).Write(into));

        Assert.Equal(2, _bench.Up.Count);
        Assert.Equal(2, _bench.Slot(1).Counters.Messages);
    }

    [Fact]
    public void A_flood_of_messages_is_bounded_and_counted()
    {
        var message = HostBench.Make(into => new Message(HostBench.FunctionIn(1), MessageCode.ErrCorrectable, MessageRouting.ToRootComplex).Write(into));
        Flood(1000, message);

        Assert.Equal(1000, _bench.Up.Count + _bench.Bridge.Status().Counters.QueueOverflows);
        Assert.True(_bench.Bridge.Status().Counters.QueueOverflows > 0);
    }

    [Fact]
    public void A_completion_that_does_not_fit_its_request_is_dropped_and_the_request_ends_as_unanswered()
    {
        Tag config = new(201), write = new(202), read = new(203), swap = new(204);
        _box.Answer = null;
        _bench.Send(into => new ConfigRead(HostBench.Cpu, config, HostBench.FunctionIn(1), 0, true).Write(into));
        _bench.Send(into => new ConfigWrite(HostBench.Cpu, write, HostBench.FunctionIn(1), 0x3C, true, 0, 1).Write(into));
        _bench.Send(into => new MemoryRead(HostBench.Cpu, read, HostBench.WindowOf(1), 8).Write(into));
        _bench.Send(into => new AtomicRequest(TlpKind.Swap, HostBench.Cpu, swap, HostBench.WindowOf(1)).Write(into, new byte[8]));
        Assert.Empty(_bench.Up);

        SendCompletion(config, 64, new byte[64]);
        SendCompletion(config, 4, []);
        SendCompletion(write, 4, new byte[4]);
        SendCompletion(read, 8, []);
        SendCompletion(read, 16, new byte[16]);
        SendCompletion(swap, 4, new byte[4]);
        SendCompletion(swap, 8, []);

        Assert.Empty(_bench.Up);
        Assert.Equal(7, _bench.Slot(1).Counters.UnexpectedCompletions);
        _bench.Pass(TimeSpan.FromSeconds(2));
        foreach (var tag in (ReadOnlySpan<Tag>)[config, write, read, swap])
        {
            Assert.Equal(CompletionStatus.UnsupportedRequest, _bench.Completion(tag, out _));
        }
    }

    [Fact]
    public void Completions_of_one_boxs_function_do_not_end_requests_to_anothers()
    {
        var other = _bench.AddBox(2);
        other.Present(1, 9);
        _bench.Settle();
        _bench.WriteSlotControl(2, 0);
        _bench.Up.Clear();
        _bench.Send(into => new MemoryRead(HostBench.Cpu, new Tag(77), HostBench.WindowOf(1), 4).Write(into));

        other.Send(1, 9, HostBench.Make(into =>
            new Completion(HostBench.FunctionIn(1), HostBench.Cpu, new Tag(77), CompletionStatus.SuccessfulCompletion).Write(into, new byte[4])));
        other.Send(1, 7, HostBench.Make(into =>
            new Completion(HostBench.FunctionIn(1), HostBench.Cpu, new Tag(77), CompletionStatus.SuccessfulCompletion).Write(into, new byte[4])));
        _bench.Settle();

        Assert.Empty(_bench.Up);
        Assert.Equal((1, 1), (_bench.Slot(2).Counters.UnexpectedCompletions, (int)_bench.Bridge.Status().Counters.StaleTlps));
    }

    [Fact]
    public void Thousands_of_functions_fill_the_slots_and_no_more_and_are_reported_sparingly()
    {
        var before = _bench.Events.Events.Count;
        for (ushort i = 0; i < 5000; i++)
        {
            _box.Present((ushort)(100 + i), i);
            if (i % 200 == 0)
            {
                _bench.Settle();
            }
        }

        _bench.Settle();
        var counters = _bench.Bridge.Status().Counters;
        Assert.Equal(5000 - 3, counters.FunctionsRefused);
        Assert.All(_bench.Bridge.Status().Slots, s => Assert.NotNull(s.Function));
        Assert.Equal(counters.FunctionsRefused, _box.Controls.Count(c => RefusedMessage.TryParse(c, out _)) + counters.QueueOverflows);
        Assert.InRange(_bench.Events.Events.Count - before, 1, 20);
    }

    [Fact]
    public void A_box_that_presents_and_withdraws_without_end_neither_floods_the_log_nor_reaches_another_slot()
    {
        var other = _bench.AddBox(2);
        other.Present(1, 9);
        _bench.Settle();
        var before = _bench.Events.Events.Count;
        for (ulong i = 0; i < 1000; i++)
        {
            _box.Present(5, i);
            _box.Withdraw(5, i);
            _bench.Settle();
        }

        Assert.InRange(_bench.Events.Events.Count - before, 1, 20);
        Assert.Equal([7UL, 9UL], _bench.Bridge.Status().Slots.Where(s => s.Function is not null).Select(s => s.Function!.Generation));
    }

    [Fact]
    public void Control_messages_that_say_nothing_are_counted()
    {
        Span<byte> garbage = stackalloc byte[40];
        for (var kind = 0; kind < 256; kind++)
        {
            garbage.Fill(0xA5);
            garbage[0] = (byte)kind;
            Assert.True(_box.Link.TrySendControl(garbage));
            Assert.True(_box.Link.TrySendControl(garbage[..3]));
            _bench.Settle();
        }

        Assert.Equal(512, _bench.Bridge.Status().Counters.BadControlMessages);
        Assert.Equal(7UL, _bench.Slot(1).Function!.Generation);
    }

    [Fact]
    public void More_reads_than_there_are_tags_are_dropped_and_counted_and_the_function_goes_on_when_they_are_answered()
    {
        _bench.Host.Map(0x5000_0000, 8192, DmaRights.ReadWrite);
        for (var round = 0; round < 12; round++)
        {
            for (ushort tag = 0; tag < 255; tag++)
            {
                _box.Send(1, 7, HostBench.Make(into => new MemoryRead(HostBench.FunctionIn(1), new Tag(tag), 0x5000_0000, 4096).Write(into)));
            }
        }

        _bench.Pass(TimeSpan.FromSeconds(3));
        var counters = _bench.Slot(1).Counters;
        Assert.Equal(12 * 255, counters.DmaReads + counters.Malformed);
        Assert.True(counters.Malformed > 0);
        _box.Tlps.Clear();
        Send(into => new MemoryRead(HostBench.FunctionIn(1), new Tag(1), 0x5000_0000, 4).Write(into));
        Assert.Equal(CompletionStatus.SuccessfulCompletion, HostBench.Parse(_box.Tlps[^1].Tlp).Status);
    }

    [Fact]
    public void A_function_that_was_only_presented_reaches_nothing()
    {
        var memory = _bench.Host.Map(0x5000_0000, 4096, DmaRights.ReadWrite);
        _box.Present(2, 8);
        _bench.Settle();
        foreach (var requester in (ReadOnlySpan<Rid>)[default, HostBench.FunctionIn(1), HostBench.FunctionIn(2)])
        {
            _box.Send(2, 8, HostBench.Make(into => new MemoryWrite(requester, 0x5000_0000).Write(into, [1, 2, 3, 4])));
            _box.Send(2, 8, HostBench.Make(into => new MemoryWrite(requester, 0xFEE0_0000).Write(into, [1, 2, 3, 4])));
            _box.Send(2, 8, HostBench.Make(into => new MemoryRead(requester, new Tag(3), 0x5000_0000, 4).Write(into)));
            _bench.Settle();
            Assert.Equal(CompletionStatus.UnsupportedRequest, HostBench.Parse(_box.Tlps[^1].Tlp).Status);
        }

        Assert.All(memory, b => Assert.Equal(0, b));
        Assert.Empty(_bench.Host.Interrupts);
        Assert.Equal((6, 3), (_bench.Slot(2).Counters.DmaWritesDropped, _bench.Slot(2).Counters.DmaUnsupportedRequests));
    }

    [Theory]
    [InlineData(TlpKind.ConfigRead0)]
    [InlineData(TlpKind.ConfigWrite1)]
    public void A_function_configures_nobody(TlpKind kind)
    {
        Send(into => kind == TlpKind.ConfigRead0
            ? new ConfigRead(HostBench.FunctionIn(1), new Tag(9), HostBench.PortOf(1), 0, false).Write(into)
            : new ConfigWrite(HostBench.FunctionIn(1), new Tag(9), HostBench.FunctionIn(2), 4, true, 6, 0xF).Write(into));

        Assert.Equal(CompletionStatus.UnsupportedRequest, HostBench.Parse(_box.Tlps[^1].Tlp).Status);
        Assert.Equal(1, _bench.Slot(1).Counters.Malformed);
    }

    private void SendCompletion(Tag tag, int byteCount, byte[] data) => Send(into =>
    {
        var completion = new Completion(HostBench.FunctionIn(1), HostBench.Cpu, tag, CompletionStatus.SuccessfulCompletion, byteCount);
        return data.Length > 0 ? completion.Write(into, data) : completion.Write(into);
    });

    private void Flood(int count, byte[] tlp)
    {
        for (var i = 0; i < count; i++)
        {
            _box.Send(1, 7, tlp);
        }

        _bench.Settle();
    }

    private void Send(HostBench.Writer write)
    {
        _box.Send(1, 7, HostBench.Make(write));
        _bench.Settle();
    }
}
