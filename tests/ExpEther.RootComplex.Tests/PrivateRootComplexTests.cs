using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.RootComplex.Tests;

/// <summary>Whoever owns a device bus drives one of its functions, and no other function has a part in it (row 8).</summary>
public class PrivateRootComplexTests
{
    private readonly TestEndpoint _device = new(functions: 2);
    private readonly TestDeviceBus _bus;
    private readonly PciFunction _function;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    public PrivateRootComplexTests()
    {
        _bus = new TestDeviceBus(_device);
        _function = _bus.Root.Add(_bus.Enumerate()[0]);
        _bus.Run(async () =>
        {
            await _function.SetBusMasterAsync(true);
            return 0;
        });
    }

    [Fact]
    public void Registers_are_read_and_written_by_TLPs_from_the_reserved_requester()
    {
        Assert.True(_function.TryWrite32(0, 0x10, 0x1234_5678));
        Assert.Equal(new MmioResult(0x1234_5678, false), _bus.Run(() => _function.Read32Async(0, 0x10).AsTask()));
        Assert.Equal(0x1234_5678u, BitConverter.ToUInt32(_device.Memory.AsSpan(0x10)));

        _ = _function.Read32Async(0, 0).AsTask();
        Assert.True(_bus.Root.TryTake(_bus.Now, _tlp, out var length));
        TlpView.TryParse(_tlp.AsSpan(0, length), out var view);
        Assert.Equal((TlpKind.MemoryRead, TestDeviceBus.OwnRequester), (view.Kind, view.Requester));
    }

    [Fact]
    public void DMA_of_the_function_reaches_the_private_memory_and_no_more_than_was_allocated()
    {
        var buffer = _bus.Root.Memory.Allocate(4096);
        _device.DmaWrite(buffer.Address.Value + 8, [1, 2, 3, 4]);
        _device.DmaRead(buffer.Address.Value + 8, 4);
        _device.DmaRead(buffer.Address.Value + 4096, 4);
        _bus.Settle();

        Assert.Equal([1, 2, 3, 4], _bus.Root.Memory.SpanOf(buffer).Slice(8, 4).ToArray());
        Assert.Equal(CompletionStatus.SuccessfulCompletion, _device.Answers[0].Status);
        Assert.Equal([1, 2, 3, 4], _device.Answers[0].Payload);
        Assert.Equal(CompletionStatus.UnsupportedRequest, _device.Answers[1].Status);
    }

    [Fact]
    public void DMA_of_another_function_of_the_device_is_not_taken_and_would_be_refused()
    {
        var buffer = _bus.Root.Memory.Allocate(4096);
        var other = new Rid(3, 0, 1);
        Assert.NotEqual(_function.Rid, other);

        var write = new MemoryWrite(other, buffer.Address.Value).Write(_tlp, [9, 9, 9, 9]);
        TlpView.TryParse(_tlp.AsSpan(0, write), out var view);
        Assert.False(_bus.Root.IsMine(view));
        _bus.Root.TryAccept(_tlp.AsSpan(0, write), _bus.Now);
        var read = new MemoryRead(other, new Tag(5), buffer.Address.Value, 4).Write(_tlp);
        _bus.Root.TryAccept(_tlp.AsSpan(0, read), _bus.Now);

        Assert.Equal(0, _bus.Root.Memory.SpanOf(buffer)[0]);
        Assert.True(_bus.Root.TryTake(_bus.Now, _tlp, out var length));
        TlpView.TryParse(_tlp.AsSpan(0, length), out view);
        Assert.Equal((CompletionStatus.UnsupportedRequest, other), (view.Status, view.Requester));
    }

    [Fact]
    public void Interrupts_reach_the_driver_s_handler()
    {
        var raised = new List<int>();
        Assert.Equal(3, _bus.Run(() => _function.EnableMsixAsync(3, raised.Add)));

        _device.Raise(2);
        _device.Raise(0);
        _bus.Settle();

        Assert.Equal([2, 0], raised);
        Assert.Empty(_bus.Strays);
    }

    [Fact]
    public void A_function_that_was_removed_reaches_nothing_and_is_gone_for_its_driver()
    {
        var buffer = _bus.Root.Memory.Allocate(4096);
        var gone = 0;
        _function.Gone += () => gone++;

        _bus.Root.Remove(_function);
        _device.DmaWrite(buffer.Address.Value, [1, 2, 3, 4]);
        _bus.Settle();

        Assert.Equal(1, gone);
        Assert.False(_function.IsPresent);
        Assert.Single(_bus.Strays);
        Assert.Equal(0, _bus.Root.Memory.SpanOf(buffer)[0]);
    }

    [Fact]
    public void A_register_that_does_not_answer_reads_all_ones_at_the_completion_timeout()
    {
        _device.Silent = true;

        Assert.True(_bus.Run(() => _function.Read32Async(0, 0).AsTask()).IsError);

        Assert.Equal(1, _bus.Root.Counters.RequestsTimedOut);
        Assert.Equal(TimeSpan.FromSeconds(1), _bus.Now - Core.Time.Instant.Zero);
    }
}
