using ExpEther.Bridge.Protocol;
using ExpEther.Link;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts.Resuming;

/// <summary>
/// What the host has asked a function whose box dies: the box's next life answers it. All-ones would make drivers give the device up (Linux's nvme does for
/// CSTS, its PCI core for the MSI-X capability).
/// </summary>
public class RepeatedRequestTests
{
    private static readonly ResumeOffer Offer = new(7, 0x1234, 0x2000, 2, 0x80, 0x40, 0, 0, false);

    private readonly HostBench _bench = new();
    private readonly ScriptedBox _box;

    public RepeatedRequestTests()
    {
        _bench.SetUpSwitch();
        _box = _bench.AddBox();
        _box.Answer = HostBench.AnswerConfig;
        _box.Present(new PresentMessage(1, 7, "disk", 0x1B36, 0x10, 0x010802, 1) { Resume = Offer });
        _bench.Settle();
        _bench.WriteSlotControl(1, 0);
        _bench.WriteConfig(HostBench.FunctionIn(1), ConfigRegister.Command, 0x6);
        _box.Answer = null;
        _box.Tlps.Clear();
        _bench.Up.Clear();
    }

    [Fact]
    public void Outstanding_requests_are_sent_again_after_what_was_written_and_answered_once()
    {
        var (config, memory, swap) = (new Tag(201), new Tag(202), new Tag(203));
        _bench.Send(into => new ConfigRead(HostBench.Cpu, config, HostBench.FunctionIn(1), 0, true).Write(into));
        _bench.Send(into => new MemoryRead(HostBench.Cpu, memory, HostBench.WindowOf(1) + 0x1C, 4).Write(into));
        _bench.Send(into => new AtomicRequest(TlpKind.CompareAndSwap, HostBench.Cpu, swap, HostBench.HighWindowBase).Write(into, new byte[32]));
        var sent = _box.Tlps.Select(t => Convert.ToHexString(t.Tlp)).ToList();
        Assert.Equal(3, sent.Count);

        ComeBack();

        Assert.Empty(_bench.Up);
        var again = _box.Tlps.Select(t => Convert.ToHexString(t.Tlp)).ToList();
        Assert.Equal(sent.Order(), again[^3..].Order());
        Assert.Contains(again[..^3], t => HostBench.Parse(Convert.FromHexString(t)) is { Kind: TlpKind.ConfigWrite0, ConfigRegister: ConfigRegister.Command });
        Answer(config, 4, [1, 2, 3, 4]);
        Answer(memory, 4, [5, 6, 7, 8]);
        Answer(swap, 16, new byte[16]);
        Assert.Equal(
            [CompletionStatus.SuccessfulCompletion, CompletionStatus.SuccessfulCompletion, CompletionStatus.SuccessfulCompletion],
            [_bench.Completion(config, out _), _bench.Completion(memory, out var read), _bench.Completion(swap, out _)]);
        Assert.Equal(0x0807_0605u, read);
        Assert.Empty(_bench.Up);
    }

    [Fact]
    public void An_answer_of_the_old_life_does_not_end_a_request_that_waits()
    {
        var tag = new Tag(201);
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 4).Write(into));

        ComeBack();
        Answer(tag, 4, [9, 9, 9, 9], generation: 7);

        Assert.Empty(_bench.Up);
        Answer(tag, 4, [5, 6, 7, 8]);
        Assert.Equal((CompletionStatus.SuccessfulCompletion, 0x0807_0605u), (_bench.Completion(tag, out var read), read));
    }

    [Fact]
    public void A_read_that_was_answered_in_part_ends_and_its_tag_is_free()
    {
        var tag = new Tag(201);
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 128).Write(into));
        Answer(tag, 128, new byte[64], generation: 7);
        _bench.Up.Clear();

        GoAway();

        Assert.Equal(CompletionStatus.UnsupportedRequest, _bench.Completion(tag, out _));
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 4).Write(into));
        Assert.Empty(_bench.Up);
    }

    [Fact]
    public void A_box_that_is_lost_twice_is_asked_again_by_both_lives()
    {
        var tag = new Tag(201);
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 4).Write(into));

        ComeBack();
        ComeBack(generation: 9);

        Answer(tag, 4, [5, 6, 7, 8], generation: 9);
        Assert.Equal((CompletionStatus.SuccessfulCompletion, 0x0807_0605u), (_bench.Completion(tag, out var read), read));
    }

    [Fact]
    public void A_tag_whose_time_was_over_before_the_box_went_is_free_for_its_next_life()
    {
        var tag = new Tag(201);
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 4).Write(into));
        _bench.Pass(_bench.Options.CompletionTimeout + TimeSpan.FromMilliseconds(1));
        Assert.Equal(CompletionStatus.UnsupportedRequest, _bench.Completion(tag, out _));

        ComeBack();
        _bench.Send(into => new MemoryRead(HostBench.Cpu, tag, HostBench.WindowOf(1), 4).Write(into));

        Answer(tag, 4, [5, 6, 7, 8]);
        Assert.Equal((CompletionStatus.SuccessfulCompletion, 0x0807_0605u), (_bench.Completion(tag, out var read), read));
    }

    private void GoAway()
    {
        _box.Link.Close(LinkDownReason.Closed, _bench.Now);
        _bench.Settle();
    }

    /// <summary>The box's next life; it answers configuration writes, by which it is given back what the host had written, and nothing else.</summary>
    private void ComeBack(ulong generation = 8)
    {
        GoAway();
        _box.Link.Open(_bench.Now);
        _bench.Settle();
        Assert.Equal(LinkState.Up, _box.Link.State);
        _box.Tlps.Clear();
        _box.Answer = request => HostBench.Parse(request).Kind == TlpKind.ConfigWrite0 ? HostBench.AnswerConfig(request) : null;
        _box.Present(new PresentMessage(1, generation, "disk", 0x1B36, 0x10, 0x010802, 1) { Resume = Offer });
        _bench.Settle();
        Assert.Equal(generation, _bench.Slot(1).Function!.Generation);
    }

    private void Answer(Tag tag, int byteCount, byte[] data, ulong generation = 8)
    {
        _box.Send(1, generation, HostBench.Make(into =>
            new Completion(HostBench.FunctionIn(1), HostBench.Cpu, tag, CompletionStatus.SuccessfulCompletion, byteCount).Write(into, data)));
        _bench.Settle();
    }
}
