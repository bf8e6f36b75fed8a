using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.RootComplex.Tests;

public class HostRootComplexTests
{
    private readonly TestEndpoint _device = new();
    private readonly TestHost _host;

    public HostRootComplexTests()
    {
        _host = new TestHost(_device);
        _host.Run(_host.Root.EnumerateAsync);
        _host.Run(() => Function.SetBusMasterAsync(true));
    }

    private PciFunction Function => _host.Root.Functions[0];

    [Fact]
    public void A_read_sees_the_writes_before_it()
    {
        for (uint i = 0; i < 100; i++)
        {
            Assert.True(Function.TryWrite32(0, 0x10, i));
            Assert.Equal(new MmioResult(i, false), _host.Run(() => Function.Read32Async(0, 0x10).AsTask()));
        }

        Assert.True(Function.TryWrite64(0, 0x20, 0x1122334455667788));
        Assert.Equal(0x1122334455667788ul, _host.Run(() => Function.Read64Async(0, 0x20).AsTask()).Value);
    }

    [Fact]
    public void A_read_that_nobody_answers_is_all_ones_after_the_completion_timeout()
    {
        _device.Silent = true;
        var before = _host.Now;

        var result = _host.Run(() => Function.Read32Async(0, 0).AsTask());

        Assert.Equal(MmioResult.NoAnswer32, result);
        Assert.Equal(TimeSpan.FromSeconds(1), _host.Now - before);
        Assert.Equal(1, _host.Root.Counters.RequestsTimedOut);
    }

    [Fact]
    public void A_late_completion_is_swallowed_and_answers_no_other_read()
    {
        _device.Memory.AsSpan(0, 4).Fill(0x11);
        _device.Memory.AsSpan(4, 4).Fill(0x22);
        _device.Hold = true;
        Assert.True(_host.Run(() => Function.Read32Async(0, 0).AsTask()).IsError);

        // Every other tag is used once more before the late answer comes: none of them may be the late one's.
        _device.ReleaseHeld();
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(0x22222222u, _host.Run(() => Function.Read32Async(0, 4).AsTask()).Value);
        }

        Assert.Equal(1, _host.Root.Counters.CompletionsLate);
        Assert.Equal(0, _host.Root.Counters.CompletionsUnexpected);
    }

    [Fact]
    public void Lost_tags_are_not_used_again_and_requests_still_end()
    {
        _device.Silent = true;
        for (var i = 0; i < 300; i++)
        {
            _host.Scheduler.Start(async () => await Function.Read32Async(0, 0));
        }

        _host.Pass(TimeSpan.FromSeconds(2));
        _device.Silent = false;

        Assert.Equal(300, _host.Root.Counters.RequestsTimedOut);
        Assert.True(_host.Run(() => Function.Read32Async(0, 0).AsTask()).IsError, "all tags are quarantined");
    }

    [Fact]
    public void Posted_writes_are_bounded_and_go_on_when_there_is_room()
    {
        var taken = 0;
        while (Function.TryWrite32(0, 0, 1))
        {
            taken++;
        }

        Assert.Equal(RootComplexLimits.PostedWritesMax, taken);
        _host.Settle();
        Assert.True(Function.TryWrite32(0, 0, 2));
    }

    [Theory]
    [InlineData("020000010100050F00001000")]
    [InlineData("420000010100050F0000100000000000")]
    [InlineData("010000010100050F00001000")]
    public void Requests_of_kinds_that_are_not_carried_are_answered_with_unsupported_request(string hex)
    {
        Assert.True(_host.Root.TryAccept(Convert.FromHexString(hex), _host.Now));
        var tlp = new byte[TlpLimits.BytesMax];
        Assert.True(_host.Root.TryTake(_host.Now, tlp, out var length));
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp.AsSpan(0, length), out var answer));
        Assert.Equal(
            (CompletionStatus.UnsupportedRequest, new Rid(1, 0, 0), new Tag(5), 4),
            (answer.Status, answer.Requester, answer.Tag, answer.ByteCount));
        Assert.Equal((1, 0), (_host.Root.Counters.TlpsUnsupported, _host.Root.Counters.TlpsMalformed));
    }

    [Fact]
    public void Configuration_requests_to_nobody_are_unsupported()
    {
        Assert.Equal(ConfigResult.Failed(ConfigStatus.UnsupportedRequest), _host.Run(() => _host.Root.Config.ReadAsync(new Rid(9, 0, 0), 0).AsTask()));
        Assert.Equal(ConfigResult.Failed(ConfigStatus.UnsupportedRequest), _host.Run(() => _host.Root.Config.ReadAsync(new Rid(1, 3, 0), 0).AsTask()));
        Assert.Equal(ConfigResult.Failed(ConfigStatus.UnsupportedRequest), _host.Run(() => _host.Root.Config.ReadAsync(new Rid(1, 0, 5), 0).AsTask()));
    }

    [Fact]
    public void Dma_reads_come_back_split_at_payload_size_and_read_completion_boundary()
    {
        var buffer = _host.Root.Memory.Allocate(4096);
        new SeededRandom(3).Fill(_host.Root.Memory.SpanOf(buffer));

        _device.DmaRead(buffer.Address.Value + 30, 1000);
        _host.Settle();

        Assert.All(_device.Answers, answer => Assert.InRange(answer.Payload.Length, 4, 256));
        Assert.Equal(1000, _device.Answers[0].ByteCount);
        Assert.All(_device.Answers.Skip(1), answer => Assert.Equal(0, answer.LowerAddress % 64));
        var bytes = _device.Answers.SelectMany(answer => answer.Payload).Skip(30 % 4).Take(1000);
        Assert.Equal(_host.Root.Memory.SpanOf(buffer)[30..1030].ToArray(), bytes);
    }

    [Fact]
    public void Dma_outside_what_was_mapped_or_against_its_rights_changes_nothing()
    {
        var buffer = _host.Root.Memory.Allocate(4096, 4096, DmaRights.Read);

        _device.DmaWrite(buffer.Address.Value, [1, 2, 3, 4]);
        _device.DmaWrite(buffer.Address.Value + 8192, [1, 2, 3, 4]);
        _device.DmaRead(buffer.Address.Value + 8192, 64);
        _host.Settle();

        Assert.Equal(0, _host.Root.Memory.SpanOf(buffer)[0]);
        Assert.Equal(CompletionStatus.UnsupportedRequest, Assert.Single(_device.Answers).Status);
        Assert.Equal((2, 1), (_host.Root.Counters.DmaWritesRefused, _host.Root.Counters.DmaReadsRefused));
    }

    [Fact]
    public void Interrupts_reach_the_handler_of_their_vector_after_the_data_before_them()
    {
        var buffer = _host.Root.Memory.Allocate(4096);
        var seen = new List<(int Vector, byte Data)>();
        var count = _host.Run(() => Function.EnableMsixAsync(4, vector => seen.Add((vector, _host.Root.Memory.SpanOf(buffer)[0]))));
        Assert.Equal(4, count);

        _device.DmaWrite(buffer.Address.Value, [7, 0, 0, 0]);
        _device.Raise(2);
        _host.Settle();

        Assert.Equal([(2, (byte)7)], seen);
    }

    [Fact]
    public void Interrupts_by_another_requester_or_to_no_vector_are_counted_and_dropped()
    {
        var seen = 0;
        _host.Run(() => Function.EnableMsixAsync(1, _ => seen++));

        _host.Root.RaiseInterrupt(new Rid(5, 0, 0), new HostAddress(0xFEE00000), 0);
        _host.Root.RaiseInterrupt(Function.Rid, new HostAddress(0xFEE00000), 4000);
        _host.Root.RaiseInterrupt(Function.Rid, new HostAddress(0xFEE00000), uint.MaxValue);
        _host.Settle();

        Assert.Equal(0, seen);
        Assert.Equal(3, _host.Root.Counters.InterruptsSpurious);
    }

    [Fact]
    public void Interrupts_between_two_turns_are_one_and_handlers_never_run_in_the_caller()
    {
        var seen = 0;
        _host.Run(() => Function.EnableMsixAsync(1, _ => seen++));
        for (var i = 0; i < 10; i++)
        {
            _host.Root.RaiseInterrupt(Function.Rid, new HostAddress(0xFEE00000), 0);
        }

        Assert.Equal(0, seen);
        _host.Settle();
        Assert.Equal(1, seen);
    }

    [Fact]
    public void Error_messages_are_counted_and_reported_with_their_source()
    {
        _device.Send(new Message(Function.Rid, MessageCode.ErrNonFatal, MessageRouting.ToRootComplex));
        _device.Send(new Message(Function.Rid, MessageCode.PmPme, MessageRouting.ToRootComplex));
        _host.Settle();

        Assert.Equal((1, 1), (_host.Root.Counters.ErrorsNonFatal, _host.Root.Counters.MessagesIgnored));
        Assert.Contains(_host.Events.Texts, text => text.StartsWith("ERR_NONFATAL from 01:00.0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_function_level_reset_leaves_addresses_as_they_were()
    {
        var address = Function.Bars[0].Address.Value;
        _host.Run(() => Function.EnableMsixAsync(2, _ => { }));

        Assert.True(_host.Run(Function.ResetAsync));

        Assert.Equal(address, _device.Config.BarAddress(0));
        Assert.False(_device.Config.MsixEnabled || _device.Config.BusMasterEnable);
        Assert.Equal(0, Function.VectorCount);
    }

    [Fact]
    public void Writes_reads_and_interrupts_allocate_nothing()
    {
        var buffer = _host.Root.Memory.Allocate(4096);
        _host.Run(() => Function.EnableMsixAsync(1, _ => { }));
        var tlp = new byte[TlpLimits.BytesMax];
        var write = new byte[TlpLimits.BytesMax];
        var writeLength = new MemoryWrite(Function.Rid, buffer.Address.Value).Write(write, new byte[256]);
        var read = new byte[TlpLimits.BytesMax];
        var readLength = new MemoryRead(Function.Rid, new Tag(1), buffer.Address.Value, 1024).Write(read);
        var turns = 0;

        void Turn()
        {
            turns++;
            Function.TryWrite32(0, 0, 1);
            _host.Root.TryAccept(write.AsSpan(0, writeLength), _host.Now);
            _host.Root.TryAccept(read.AsSpan(0, readLength), _host.Now);
            _host.Root.RaiseInterrupt(Function.Rid, new HostAddress(0xFEE00000), 0);
            _host.Root.Poll(_host.Now);
            while (_host.Root.TryTake(_host.Now, tlp, out _))
            {
            }
        }

        // The runtime may allocate once while it compiles a method anew; what is allocated per TLP shows in every round.
        var rounds = Enumerable.Range(0, 5).Select(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++)
            {
                Turn();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }).ToList();

        Assert.Contains(0, rounds);
        Assert.Equal(turns, _host.Root.Counters.DmaReads);
    }
}
