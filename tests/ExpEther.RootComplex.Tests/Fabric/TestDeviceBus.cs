using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.Tests.Fabric;

/// <summary>A device bus with one device: its owner's configuration requests, and a private root complex for what it drives itself.</summary>
internal sealed class TestDeviceBus : IConfigAccess
{
    public static readonly Rid Owner = new(0, 0, 0);
    public static readonly Rid OwnRequester = new(0, 1, 0);

    private readonly IPcieDevice _device;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly byte[] _answer = new byte[TlpLimits.BytesMax];
    private TaskCompletionSource<ConfigResult>? _waiting;

    public TestDeviceBus(IPcieDevice device)
    {
        _device = device;
        Root = new PrivateRootComplex(new PrivateRootComplexOptions { Name = "box", Requester = OwnRequester }, this, Scheduler, Events);
    }

    public OwnerScheduler Scheduler { get; } = new();

    public CollectedEvents Events { get; } = new();

    public PrivateRootComplex Root { get; }

    public Instant Now { get; private set; } = Instant.Zero;

    /// <summary>TLPs of the device that are nobody's here.</summary>
    public List<byte[]> Strays { get; } = [];

    public IReadOnlyList<PciNode> Enumerate()
    {
        var enumerator = new BusEnumerator(this, Scheduler, Events, "box");
        return Run(() => enumerator.EnumerateEndpointsAsync(
            3, new AddressAllocator(new AddressWindow(0x40_0000_0000, 1 << 30)), new AddressAllocator(new AddressWindow(0x8000_0000, 1 << 28))));
    }

    public async ValueTask<ConfigResult> ReadAsync(Rid target, int register)
        => await SendAsync(new ConfigRead(Owner, new Tag(0), target, register, false).Write(_tlp));

    public async ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF)
        => (await SendAsync(new ConfigWrite(Owner, new Tag(0), target, register, false, value, enables).Write(_tlp))).Status;

    public T Run<T>(Func<Task<T>> sequence)
    {
        var task = Scheduler.Run(sequence);
        Settle();
        while (!task.IsCompleted && Instant.Earliest(Scheduler.NextDeadline, Root.NextDeadline) is { } next)
        {
            Now = next > Now ? next : Now;
            Settle();
        }

        Assert.True(task.IsCompleted, "the sequence did not end");
        return task.GetAwaiter().GetResult();
    }

    public void Settle()
    {
        bool busy;
        do
        {
            Scheduler.Advance(Now);
            busy = Scheduler.RunReady() > 0;
            while (Root.TryTake(Now, _tlp, out var length))
            {
                busy = true;
                Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Now));
            }

            while (_device.TryTake(Now, _answer, out var length))
            {
                busy = true;
                OnTlp(_answer.AsSpan(0, length));
            }

            busy |= Root.Poll(Now);
        }
        while (busy || Scheduler.HasReady);
    }

    private void OnTlp(ReadOnlySpan<byte> tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        if (Root.IsMine(view))
        {
            Root.TryAccept(tlp, Now);
        }
        else if (view.IsCompletion && view.Requester == Owner)
        {
            var value = view.Payload.Length == 4 ? BitConverter.ToUInt32(view.Payload) : 0;
            _waiting!.TrySetResult(view.Status == CompletionStatus.SuccessfulCompletion
                ? new ConfigResult(ConfigStatus.Success, value)
                : ConfigResult.Failed(ConfigStatus.UnsupportedRequest));
        }
        else
        {
            Strays.Add(tlp.ToArray());
        }
    }

    private Task<ConfigResult> SendAsync(int length)
    {
        _waiting = new TaskCompletionSource<ConfigResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(_device.TryAccept(_tlp.AsSpan(0, length), Now));
        return _waiting.Task;
    }
}
