using ExpEther.Bridge.Hosts;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>The host's own requests to functions (DESIGN rows 1 and 2), and how each ends.</summary>
public class HostMmioTests
{
    private static readonly byte[] Data = [1, 2, 3, 4];

    [Fact]
    public void Accesses_go_to_the_box_whose_slot_claims_the_address_unchanged()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var first = bench.AddBox(1);
        var second = bench.AddBox(2);
        first.Present(1, 10);
        bench.Settle();
        second.Present(1, 20);
        bench.Settle();
        bench.WriteSlotControl(1, 0);
        bench.WriteSlotControl(2, 0);
        var write1 = HostBench.Make(new MemoryWriteMaker(HostBench.WindowOf(1) + 0x40, Data).Write);
        var write2 = HostBench.Make(new MemoryWriteMaker(HostBench.HighWindowBase + (1 << 24) + 8, Data).Write);

        bench.TrySend(write1);
        bench.TrySend(write2);

        var (function1, generation1, got1) = Assert.Single(first.Tlps);
        var (function2, generation2, got2) = Assert.Single(second.Tlps);
        Assert.Equal((1, 10UL), (function1, generation1));
        Assert.Equal((1, 20UL), (function2, generation2));
        Assert.Equal(write1, got1);
        Assert.Equal(write2, got2);
    }

    [Fact]
    public void A_completion_goes_up_as_it_came()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        var read = Read(bench, 3, HostBench.WindowBase + 0x10, 8);
        var answer = HostBench.Make(into => Completion.To(HostBench.Parse(read), HostBench.FunctionIn(1), CompletionStatus.SuccessfulCompletion)
            .Write(into, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }));

        box.Send(1, 7, answer);
        bench.Settle();

        Assert.Equal(answer, Assert.Single(bench.Up));
        Assert.Equal(0, bench.Slot(1).Counters.UnexpectedCompletions);
    }

    [Fact]
    public void A_read_that_is_answered_in_pieces_stays_outstanding_until_its_last()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        var read = Read(bench, 3, HostBench.WindowBase + 0x20, 128);
        var splitter = new CompletionSplitter(HostBench.Parse(read), 128, 64);
        var pieces = 0;
        while (!splitter.IsDone)
        {
            var piece = splitter.Next();
            box.Send(1, 7, HostBench.Make(into => (Completion.To(HostBench.Parse(read), HostBench.FunctionIn(1), CompletionStatus.SuccessfulCompletion) with
            {
                ByteCount = piece.ByteCount,
                LowerAddress = piece.LowerAddress,
            }).Write(into, new byte[piece.PayloadBytes])));
            pieces++;
        }

        bench.Settle();
        Assert.Equal(pieces, bench.Up.Count);
        bench.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(pieces, bench.Up.Count);
    }

    [Theory]
    [InlineData("02000001 0000000F 00001000")]
    [InlineData("42000001 0000000F 00001000 00000000")]
    [InlineData("01000001 0000000F C0000000")]
    public void IO_and_locked_requests_are_unsupported(string hex)
    {
        var bench = new HostBench();
        bench.AddBoxWithFunction();
        var tag = bench.NextTag();
        var request = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        request[6] = (byte)tag.Value;

        Assert.True(bench.TrySend(request));

        Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(tag, out _));
    }

    [Fact]
    public void What_no_slot_claims_is_unsupported()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();

        // Below, above, in an empty slot's window, and at an address that no window holds.
        foreach (var address in new[] { HostBench.WindowBase - 8, HostBench.WindowOf(5), HostBench.WindowOf(2) + 64, 0x1_0000_0000UL })
        {
            var tag = bench.NextTag();
            bench.Send(into => new MemoryRead(HostBench.Cpu, tag, address, 8).Write(into));
            Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(tag, out _));
        }

        bench.TrySend(HostBench.Make(new MemoryWriteMaker(HostBench.WindowOf(3), Data).Write));
        Assert.Empty(box.Tlps);
        Assert.Equal(5, bench.Bridge.Status().Counters.UnclaimedRequests);
    }

    [Fact]
    public void A_request_that_nobody_answers_ends_at_the_completion_timeout_and_its_late_completion_is_swallowed()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        var read = Read(bench, 200, HostBench.WindowBase, 4);

        bench.Pass(TimeSpan.FromMilliseconds(900));
        Assert.Empty(bench.Up);
        bench.Pass(TimeSpan.FromMilliseconds(200));

        Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(new Tag(200), out _));
        Assert.Equal(1, bench.Slot(1).Counters.HostRequestsUnanswered);

        // The tag is not free until the late completion came: a request that uses it must not get that answer.
        Read(bench, 200, HostBench.WindowBase + 4, 4);
        Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(new Tag(200), out _));

        var late = HostBench.Make(
            into => Completion.To(HostBench.Parse(read), HostBench.FunctionIn(1), CompletionStatus.SuccessfulCompletion).Write(into, Data));
        box.Send(1, 7, late);
        bench.Settle();
        Assert.Empty(bench.Up);
        Assert.Equal(1, bench.Slot(1).Counters.UnexpectedCompletions);

        Read(bench, 200, HostBench.WindowBase + 4, 4);
        box.Send(1, 7, late);
        bench.Settle();
        Assert.Equal(CompletionStatus.SuccessfulCompletion, bench.Completion(new Tag(200), out _));
    }

    [Fact]
    public void A_made_up_completion_is_dropped()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();

        box.Send(1, 7, HostBench.Make(into =>
            new Completion(HostBench.FunctionIn(1), HostBench.Cpu, new Tag(9), CompletionStatus.SuccessfulCompletion).Write(into, Data)));
        bench.Settle();

        Assert.Empty(bench.Up);
        Assert.Equal(1, bench.Slot(1).Counters.UnexpectedCompletions);
    }

    [Fact]
    public void A_surprise_removal_ends_what_is_outstanding_at_once()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        Read(bench, 4, HostBench.WindowBase, 4);
        Read(bench, 5, HostBench.WindowBase, 4);

        box.Withdraw(1, 7);
        bench.Settle();

        Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(new Tag(4), out _));
        Assert.Equal(CompletionStatus.UnsupportedRequest, bench.Completion(new Tag(5), out _));
        Assert.Equal(SlotState.Empty, bench.Slot(1).State);
    }

    [Fact]
    public void Posted_writes_wait_while_the_link_is_silent_and_all_arrive_when_it_speaks_again()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        bench.IsCut = true;
        var sent = 0;
        byte[]? refused = null;
        while (refused is null && sent < 100_000)
        {
            var write = HostBench.Make(new MemoryWriteMaker(HostBench.WindowBase, BitConverter.GetBytes(sent)).Write);
            if (bench.TrySend(write))
            {
                sent++;
            }
            else
            {
                refused = write;
            }
        }

        Assert.NotNull(refused);
        bench.Pass(TimeSpan.FromSeconds(5));
        Assert.False(bench.TrySend(refused));
        Assert.Equal(SlotState.On, bench.Slot(1).State);

        bench.IsCut = false;
        bench.Pass(TimeSpan.FromSeconds(5));
        Assert.True(bench.TrySend(refused));
        bench.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(Enumerable.Range(0, sent + 1), box.Tlps.Select(t => BitConverter.ToInt32(HostBench.Parse(t.Tlp).Payload)));
    }

    [Fact]
    public void A_write_longer_than_the_boxes_frames_carry_goes_in_pieces()
    {
        var bench = new HostBench(change: o => o with { MtuBytes = 9000 });
        bench.SetUpSwitch();
        var box = bench.AddBox(mtuBytes: 1500);
        box.Answer = HostBench.AnswerConfig;
        box.Present(1, 7);
        bench.Settle();
        bench.WriteSlotControl(1, 0);
        box.Tlps.Clear();
        var data = new byte[4000];
        new Random(1).NextBytes(data);

        Assert.True(bench.TrySend(HostBench.Make(new MemoryWriteMaker(HostBench.WindowBase + 0x1004, data).Write)));

        Assert.All(box.Tlps, t => Assert.True(HostBench.Parse(t.Tlp).Payload.Length <= 1024));
        Assert.Equal(data, box.Tlps.SelectMany(t => HostBench.Parse(t.Tlp).Payload.ToArray()));
        var at = HostBench.WindowBase + 0x1004UL;
        foreach (var (_, _, tlp) in box.Tlps)
        {
            Assert.Equal(at, HostBench.Parse(tlp).Address);
            at += (ulong)HostBench.Parse(tlp).Payload.Length;
        }
    }

    private static byte[] Read(HostBench bench, ushort tag, ulong address, int bytes)
    {
        var read = HostBench.Make(into => new MemoryRead(HostBench.Cpu, new Tag(tag), address, bytes).Write(into));
        Assert.True(bench.TrySend(read));
        return read;
    }

    private sealed record MemoryWriteMaker(ulong Address, byte[] Data)
    {
        public int Write(Span<byte> into) => new MemoryWrite(HostBench.Cpu, Address).Write(into, Data);
    }
}
