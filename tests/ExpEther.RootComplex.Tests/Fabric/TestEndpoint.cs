using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Tests.Fabric;

/// <summary>A device of one or more functions, each with BAR 0 as memory and an MSI-X table in BAR 4.</summary>
internal sealed class TestEndpoint : IPcieDevice
{
    public const int TableBar = 4;

    private readonly Queue<byte[]> _out = new();
    private readonly EndpointConfig[] _functions;
    private readonly byte[][] _memory;
    private readonly MsixTable[] _tables;
    private readonly Queue<byte[]> _held = new();
    private ushort _tag;

    public TestEndpoint(int functions = 1, BarDescription? bar = null, int maxPayload = 256)
    {
        var bar0 = bar ?? new BarDescription(0, 4096, Is64Bit: true);
        _functions = [.. Enumerable.Range(0, functions).Select(i => new EndpointConfig(new EndpointDescription
        {
            VendorId = 0x1AF4,
            DeviceId = (ushort)(0x1100 + i),
            ClassCode = 0x120000,
            Bars = [bar0, new BarDescription(TableBar, 4096)],
            MsixVectors = 8,
            MsixTable = new MsixLocation(TableBar, 0),
            MsixPba = new MsixLocation(TableBar, 0x800),
            MaxPayloadSupported = maxPayload,
            MultiFunction = functions > 1,
        }))];
        _memory = [.. _functions.Select(_ => new byte[4096])];
        _tables = [.. _functions.Select(f => new MsixTable(f))];
    }

    public EndpointConfig Config => _functions[0];

    public byte[] Memory => _memory[0];

    /// <summary>It takes requests and never answers.</summary>
    public bool Silent { get; set; }

    /// <summary>Answers are kept until <see cref="ReleaseHeld"/>.</summary>
    public bool Hold { get; set; }

    /// <summary>What it says of a register, offset and true value given, instead of the truth.</summary>
    public Func<int, uint, uint>? Lie { get; set; }

    /// <summary>This many configuration requests are answered with "retry".</summary>
    public int Retries { get; set; }

    /// <summary>Completions of its own reads, in order of arrival.</summary>
    public List<(CompletionStatus Status, int ByteCount, int LowerAddress, byte[] Payload)> Answers { get; } = [];

    public List<(ulong Address, int Bytes)> Writes { get; } = [];

    public Instant? NextDeadline => null;

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        foreach (var function in _functions)
        {
            function.Reset();
        }

        foreach (var table in _tables)
        {
            table.Reset();
        }

        _out.Clear();
        _held.Clear();
    }

    public void ReleaseHeld()
    {
        Hold = false;
        while (_held.TryDequeue(out var tlp))
        {
            _out.Enqueue(tlp);
        }
    }

    public void Raise(int vector)
    {
        if (_tables[0].TryRaise(vector, out var address, out var data) == MsixOutcome.Deliver)
        {
            DmaWrite(address, BitConverter.GetBytes(data));
        }
    }

    public void DmaRead(ulong address, int bytes)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        var length = new MemoryRead(Config.Rid, new Tag(_tag++), address, bytes).Write(tlp);
        _out.Enqueue(tlp[..length]);
    }

    public void DmaWrite(ulong address, ReadOnlySpan<byte> data)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        var length = new MemoryWrite(Config.Rid, address).Write(tlp, data);
        _out.Enqueue(tlp[..length]);
    }

    public void Send(Message message)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        var length = message.Write(tlp);
        _out.Enqueue(tlp[..length]);
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (!_out.TryDequeue(out var tlp))
        {
            return false;
        }

        tlp.CopyTo(into);
        length = tlp.Length;
        return true;
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        switch (view.Kind)
        {
            case TlpKind.ConfigRead0 or TlpKind.ConfigWrite0:
                OnConfig(view);
                break;
            case TlpKind.MemoryRead:
                OnRead(view);
                break;
            case TlpKind.MemoryWrite:
                OnWrite(view);
                break;
            case TlpKind.Completion or TlpKind.CompletionWithData:
                Answers.Add((view.Status, view.ByteCount, view.LowerAddress, view.Payload.ToArray()));
                break;
            default:
                Refuse(view, CompletionStatus.UnsupportedRequest);
                break;
        }

        return true;
    }

    private void OnConfig(in TlpView request)
    {
        if (Retries > 0)
        {
            Retries--;
            Refuse(request, CompletionStatus.ConfigurationRequestRetry);
            return;
        }

        var target = request.ConfigTarget;
        if (target.Device != 0 || target.Function >= _functions.Length)
        {
            Refuse(request, CompletionStatus.UnsupportedRequest);
            return;
        }

        var function = _functions[target.Function];
        if (request.Kind == TlpKind.ConfigRead0)
        {
            Answer(
                new Completion(target, request.Requester, request.Tag, CompletionStatus.SuccessfulCompletion),
                BitConverter.GetBytes(
                    Lie?.Invoke(request.ConfigRegister, function.Read(request.ConfigRegister)) ?? function.Read(request.ConfigRegister)));
            return;
        }

        function.Write(request.ConfigRegister, request.ConfigValue, request.FirstByteEnables);
        function.CaptureRid(target);
        if (function.FlrRequested)
        {
            function.FunctionLevelReset();
            _tables[target.Function].Reset();
        }

        Refuse(request, CompletionStatus.SuccessfulCompletion);
    }

    private void OnRead(in TlpView request)
    {
        for (var i = 0; i < _functions.Length; i++)
        {
            if (_functions[i].TryMatchBar(request.FirstByteAddress, request.ByteLength, out var bar, out var offset))
            {
                var data = bar == 0 ? _memory[i].AsSpan((int)offset, request.LengthDw * 4) : BitConverter.GetBytes(_tables[i].ReadTable((int)offset));
                Answer(
                    new Completion(
                        _functions[i].Rid, request.Requester, request.Tag, CompletionStatus.SuccessfulCompletion, request.ByteLength,
                        (int)(request.FirstByteAddress & 0x7F)),
                    data);
                return;
            }
        }

        Refuse(request, CompletionStatus.UnsupportedRequest);
    }

    private void OnWrite(in TlpView request)
    {
        Writes.Add((request.FirstByteAddress, request.ByteLength));
        for (var i = 0; i < _functions.Length; i++)
        {
            if (_functions[i].TryMatchBar(request.FirstByteAddress, request.ByteLength, out var bar, out var offset))
            {
                if (bar == 0)
                {
                    request.Payload.CopyTo(_memory[i].AsSpan((int)offset));
                }
                else
                {
                    _tables[i].WriteTable((int)offset, BitConverter.ToUInt32(request.Payload));
                }
            }
        }
    }

    private void Refuse(in TlpView request, CompletionStatus status)
    {
        var into = new byte[TlpLimits.BytesMax];
        Push(into[..Completion.To(request, Config.Rid, status).Write(into)]);
    }

    private void Answer(Completion completion, ReadOnlySpan<byte> data)
    {
        var into = new byte[TlpLimits.BytesMax];
        Push(into[..completion.Write(into, data)]);
    }

    private void Push(byte[] tlp)
    {
        if (!Silent)
        {
            (Hold ? _held : _out).Enqueue(tlp);
        }
    }
}
