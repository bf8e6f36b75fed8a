using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Guests;

namespace ExpEther.RootComplex.Tests.Guests;

/// <summary>What becomes of an access by how it is answered, or is not.</summary>
public class GuestAnswerTests
{
    private static readonly byte[] Ones4 = [0xFF, 0xFF, 0xFF, 0xFF];

    private readonly ScriptedFunction _rig = new();

    [Theory]
    [InlineData(CompletionStatus.UnsupportedRequest)]
    [InlineData(CompletionStatus.CompleterAbort)]
    [InlineData(CompletionStatus.ConfigurationRequestRetry)]
    public void A_refused_read_is_all_ones_and_a_refused_write_not_done(CompletionStatus status)
    {
        Assert.True(_rig.Slot.TryReadMemory(0, 0x10, 8, 1));
        Assert.True(_rig.Slot.TryReadConfig(0x40, 4, 2));
        _rig.TakeAll();
        Assert.True(_rig.Slot.TryWriteConfig(0x40, [1], 3));
        _rig.Requests.ToList().ForEach(r => _rig.Refuse(r, status));
        _rig.Requests.Clear();
        _rig.TakeAll();
        _rig.Refuse(Assert.Single(_rig.Requests), status);
        _rig.Slot.Poll(_rig.Now);

        Assert.Equal([.. Ones4, .. Ones4], _rig.Log.Reads[1]);
        Assert.Equal(Ones4, _rig.Log.Reads[2]);
        Assert.False(_rig.Log.Writes[3]);
        Assert.Equal(3, _rig.Counters.RequestsRefused);
    }

    [Fact]
    public void One_refused_register_leaves_the_others_as_they_are()
    {
        _rig.Config.AsSpan(0x40, 12).Fill(0x11);
        Assert.True(_rig.Slot.TryReadConfig(0x40, 12, 1));
        _rig.TakeAll();
        var refused = _rig.Requests[1];
        _rig.Requests.RemoveAt(1);
        _rig.Refuse(refused, CompletionStatus.UnsupportedRequest);
        _rig.Finish();
        Assert.Equal([0x11, 0x11, 0x11, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x11, 0x11, 0x11, 0x11], _rig.Log.Reads[1]);
    }

    [Fact]
    public void A_silent_function_reads_all_ones_at_the_timeout_and_its_late_answer_is_swallowed()
    {
        _rig.PlaceBar();
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 4, 1));
        _rig.TakeAll();
        _rig.Pass(TimeSpan.FromMilliseconds(999));
        Assert.Empty(_rig.Log.Reads);
        _rig.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Ones4, _rig.Log.Reads[1]);

        // All tags but the late one's go round; none gets its answer.
        for (var i = 0; i < Tag.CountOf8Bit; i++)
        {
            Assert.True(_rig.Slot.TryReadMemory(0, 4, 4, 100 + (ulong)i));
            _rig.TakeAll();
            Assert.NotEqual(ScriptedFunction.Parse(_rig.Requests[0]).Tag, ScriptedFunction.Parse(_rig.Requests[1]).Tag);
            _rig.Answer(1, _ => 0);
            _rig.Slot.Poll(_rig.Now);
        }

        _rig.Bar.AsSpan(0, 4).Fill(0x77);
        _rig.Answer(0, _ => 0);
        _rig.Slot.Poll(_rig.Now);
        Assert.Equal(1, _rig.Counters.CompletionsLate);
        Assert.Equal(1, _rig.Counters.RequestsTimedOut);
        Assert.Equal(Tag.CountOf8Bit + 1, _rig.Log.Count);
        Assert.DoesNotContain(_rig.Log.Reads.Values, data => data[0] == 0x77);
    }

    [Fact]
    public void A_configuration_space_of_which_half_comes_ends_whole_at_the_timeout()
    {
        _rig.Config.AsSpan().Fill(0x22);
        Assert.True(_rig.Slot.TryReadConfig(0, 512, 1));
        _rig.TakeAll();
        for (var i = 0; i < GuestLimits.RequestsInFlightMax; i++)
        {
            _rig.Answer(0, _ => 0);
        }

        _rig.TakeAll();
        _rig.Pass(TimeSpan.FromSeconds(1));
        Assert.All(_rig.Log.Reads[1][..256], b => Assert.Equal(0x22, b));
        Assert.All(_rig.Log.Reads[1][256..], b => Assert.Equal(0xFF, b));
    }

    [Fact]
    public void Poisoned_data_are_not_used()
    {
        _rig.PlaceBar();
        Assert.True(_rig.Slot.TryReadMemory(0, 60, 8, 1));
        _rig.TakeAll();
        var view = ScriptedFunction.Parse(_rig.Requests[0]);
        var header = Completion.To(view, ScriptedFunction.VfH, CompletionStatus.SuccessfulCompletion);
        _rig.Send(header with { Attributes = TlpAttributes.Poisoned }, 4);
        _rig.Send(header with { ByteCount = 4, LowerAddress = (header.LowerAddress + 4) & 0x7F }, 4);
        _rig.Slot.Poll(_rig.Now);
        Assert.Equal([.. Ones4, .. Ones4], _rig.Log.Reads[1]);
        Assert.Equal(1, _rig.Counters.CompletionsPoisoned);
    }

    [Theory]
    [InlineData(8, 64)]
    [InlineData(12, 0)]
    public void A_completion_that_does_not_continue_the_read_ends_it(int byteCount, int lowerAddress)
    {
        _rig.PlaceBar();
        Assert.True(_rig.Slot.TryReadMemory(0, 0, 8, 1));
        _rig.TakeAll();
        var header = Completion.To(ScriptedFunction.Parse(_rig.Requests[0]), ScriptedFunction.VfH, CompletionStatus.SuccessfulCompletion);
        _rig.Send(header with { ByteCount = byteCount, LowerAddress = lowerAddress }, 8);
        _rig.Slot.Poll(_rig.Now);
        Assert.Equal([.. Ones4, .. Ones4], _rig.Log.Reads[1]);
        Assert.Equal(1, _rig.Counters.TlpsMalformed);
    }

    [Fact]
    public void Completions_that_nobody_asked_for_are_counted_and_do_nothing()
    {
        Assert.True(_rig.Slot.TryReadConfig(0, 4, 1));
        _rig.TakeAll();
        var header = Completion.To(ScriptedFunction.Parse(_rig.Requests[0]), ScriptedFunction.VfH, CompletionStatus.SuccessfulCompletion);
        _rig.Send(header with { Tag = new Tag(77) }, 4);
        _rig.Send(header with { Tag = new Tag(777) }, 4);
        _rig.Send(header with { Requester = new Rid(1, 0, 0) }, 4);
        _rig.Slot.Poll(_rig.Now);
        Assert.Equal(3, _rig.Counters.CompletionsUnexpected);
        Assert.Equal(0, _rig.Log.Count);
    }
}
