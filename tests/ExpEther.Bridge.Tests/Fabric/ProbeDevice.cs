using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// A device that is nothing but registers and memory: BAR 0 (64-bit) is 16 KB of memory, BAR 2 (32-bit) 4 KB that starts with the MSI-X
/// table. It keeps every TLP that reaches it and sends those that a test gives it.
/// </summary>
internal sealed class ProbeDevice : ISrIovFunction
{
    public const int MemoryBytes = 16 << 10;
    private const int PbaOffset = 0x800;

    private readonly Queue<byte[]> _output = new();
    private readonly MsixTable _msix;

    public ProbeDevice(bool prefetchable = true)
        : this(new EndpointConfig(Describe(prefetchable)))
    {
    }

    private ProbeDevice(EndpointConfig config)
    {
        Config = config;
        _msix = new MsixTable(Config);
    }

    /// <summary>An SR-IOV device whose virtual functions are probes.</summary>
    public static SrIovDevice MakeShared(int vfs, out ProbeDevice[] virtuals)
    {
        var description = Describe(true);
        var srIov = new SrIovDescription { TotalVfs = vfs, VfDeviceId = description.DeviceId, VfBars = description.Bars };
        var physical = new ProbeDevice(new EndpointConfig(description with { Ari = true, SrIov = srIov }));
        var vf = description with { Ari = true, Bars = [], IsVirtualFunction = true };
        virtuals = [.. Enumerable.Range(1, vfs).Select(n => new ProbeDevice(new EndpointConfig(vf, physical.Config, n)))];
        return new SrIovDevice(physical, virtuals);
    }

    public EndpointConfig Config { get; }

    public byte[] Memory { get; } = new byte[MemoryBytes];

    /// <summary>Memory requests, completions and messages that arrived.</summary>
    public List<byte[]> Received { get; } = [];

    /// <summary>Memory requests are kept but not answered.</summary>
    public bool IsMute { get; set; }

    public int Resets { get; private set; }

    public Instant? NextDeadline => null;

    public delegate int Writer(Span<byte> into);

    public void Send(Writer write)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        _output.Enqueue(tlp[..write(tlp)]);
    }

    public void RaiseInterrupt(int vector)
    {
        if (_msix.TryRaise(vector, out var address, out var data) == MsixOutcome.Deliver)
        {
            var bytes = BitConverter.GetBytes(data);
            Send(into => new MemoryWrite(Config.Rid, address).Write(into, bytes));
        }
    }

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        Config.Reset();
        _output.Clear();
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        if (view.IsConfig)
        {
            OnConfig(view);
            return true;
        }

        Received.Add(tlp.ToArray());
        if (view.IsMemory && !IsMute)
        {
            OnMemory(view);
        }

        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (!_output.TryDequeue(out var tlp))
        {
            return false;
        }

        tlp.CopyTo(into);
        length = tlp.Length;
        return true;
    }

    private static EndpointDescription Describe(bool prefetchable) => new()
    {
        VendorId = 0x1B36,
        DeviceId = 0x00FF,
        ClassCode = 0xFF0000,
        Bars = [new BarDescription(0, MemoryBytes, Is64Bit: true, Prefetchable: prefetchable), new BarDescription(2, 4096)],
        MsixVectors = 2,
        MsixTable = new MsixLocation(2, 0),
        MsixPba = new MsixLocation(2, PbaOffset),
        AtomicCompleter = true,
    };

    private void OnConfig(in TlpView view)
    {
        var isFunction = view.ConfigTarget.DeviceFunction == 0 || Config.VirtualFunctionNumber > 0;
        if (!isFunction)
        {
            Complete(Completion.To(view, view.ConfigTarget, CompletionStatus.UnsupportedRequest));
            return;
        }

        if (view.Kind == TlpKind.ConfigRead0)
        {
            Complete(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), BitConverter.GetBytes(Config.Read(view.ConfigRegister)));
            return;
        }

        Config.CaptureRid(view.ConfigTarget);
        Config.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
        if (Config.FlrRequested)
        {
            Resets++;
            Config.FunctionLevelReset();
            _msix.Reset();
            _output.Clear();
        }

        Complete(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion));
    }

    private void OnMemory(in TlpView view)
    {
        if (!Config.TryMatchBar(view.Address, view.LengthDw * 4, out var bar, out var offset))
        {
            if (view.Class == TlpClass.NonPosted)
            {
                Complete(Completion.To(view, Config.Rid, CompletionStatus.UnsupportedRequest));
            }

            return;
        }

        if (bar == 2)
        {
            OnTable(view, (int)offset);
            return;
        }

        var memory = Memory.AsSpan((int)offset, view.IsAtomic ? view.ByteLength : view.LengthDw * 4);
        switch (view.Kind)
        {
            case TlpKind.MemoryWrite:
                var skip = (int)(view.FirstByteAddress - view.Address);
                view.Payload.Slice(skip, view.ByteLength).CopyTo(memory[skip..]);
                break;
            case TlpKind.MemoryRead:
                Complete(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), memory.ToArray());
                break;
            default:
                Complete(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), memory.ToArray());
                BinaryPrimitives.WriteUInt32LittleEndian(
                    memory, BinaryPrimitives.ReadUInt32LittleEndian(memory) + BinaryPrimitives.ReadUInt32LittleEndian(view.Payload));
                break;
        }
    }

    private void OnTable(in TlpView view, int offset)
    {
        if (view.Kind == TlpKind.MemoryWrite)
        {
            for (var dw = 0; dw < view.LengthDw; dw++)
            {
                _msix.WriteTable(offset + (dw * 4), BinaryPrimitives.ReadUInt32LittleEndian(view.Payload[(dw * 4)..]));
            }

            return;
        }

        var value = offset < PbaOffset ? _msix.ReadTable(offset) : _msix.ReadPba(offset - PbaOffset);
        Complete(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), BitConverter.GetBytes(value));
    }

    private void Complete(Completion completion) => Send(into => completion.Write(into));

    private void Complete(Completion completion, byte[] data) => Send(into => completion.Write(into, data));
}
