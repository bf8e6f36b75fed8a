using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>
/// A device that does as little as one can: two BARs of plain memory (BAR 0: 64 KiB, 64-bit; BAR 2: 4 KiB, 32-bit), configuration space
/// from production code, and whatever DMA the test puts into its output. It keeps every TLP it was given.
/// </summary>
internal sealed class TestDevice : IPcieDevice
{
    private readonly Queue<byte[]> _output = new();
    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private byte[] _repeated = [];
    private int _repeats;
    private readonly byte[][] _memory = [new byte[0x10000], [], new byte[0x1000]];

    public TestDevice(EndpointDescription? description = null)
    {
        Config = new EndpointConfig(description ?? Plain);
        VendorOffset = Config.Space.AddCapability(CapabilityId.VendorSpecific, 12);
        Config.Space.Set8(VendorOffset + 2, 12);
        Config.Space.DefineRw32(VendorOffset + 4, 0xFFFF_FFFF);
        Config.Space.KeepAsDefaults();
    }

    public static EndpointDescription Plain { get; } = new()
    {
        VendorId = 0x1AF4,
        DeviceId = 0x4242,
        SubsystemVendorId = 0x1AF4,
        SubsystemId = 7,
        ClassCode = 0x010802,
        RevisionId = 3,
        Bars = [new BarDescription(0, 0x10000, true), new BarDescription(2, 0x1000)],
        MsixVectors = 4,
        MsixTable = new MsixLocation(0, 0x2000),
        MsixPba = new MsixLocation(0, 0x3000),
        Serial = 0x0102_0304_0506_0708,
        MaxPayloadSupported = 256,
        Tag10BitCompleter = false,
    };

    public EndpointConfig Config { get; }

    public int VendorOffset { get; }

    /// <summary>TLPs given to it, configuration requests left out.</summary>
    public List<byte[]> Received { get; } = [];

    /// <summary>Every configuration request.</summary>
    public List<byte[]> ConfigReceived { get; } = [];

    public bool AnswersMemory { get; set; } = true;

    public bool AnswersConfig { get; set; } = true;

    /// <summary>No reset makes it answer configuration requests again.</summary>
    public bool StaysMute { get; set; }

    /// <summary>The next configuration request is done, and its completion never comes.</summary>
    public bool LosesNextConfigAnswer { get; set; }

    /// <summary>Counts what it is given and does not keep it.</summary>
    public bool OnlyCounts { get; set; }

    public int Counted { get; private set; }

    public int FunctionLevelResets { get; private set; }

    public int FundamentalResets { get; private set; }

    public int Waiting => _output.Count;

    public Instant? NextDeadline => null;

    public Rid Rid => Config.Rid;

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        FundamentalResets++;
        AnswersConfig = !StaysMute;
        Config.Reset();
        _memory[0].AsSpan().Clear();
        _output.Clear();
    }

    /// <summary>Says the same again and again.</summary>
    public void Repeat(byte[] tlp, int count) => (_repeated, _repeats) = (tlp, count);

    public void Send(ReadOnlySpan<byte> tlp) => _output.Enqueue(tlp.ToArray());

    public Span<byte> Memory(int bar) => _memory[bar];

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (_repeats > 0)
        {
            _repeats--;
            _repeated.CopyTo(into);
            length = _repeated.Length;
            return true;
        }

        if (!_output.TryDequeue(out var tlp))
        {
            return false;
        }

        tlp.CopyTo(into);
        length = tlp.Length;
        return true;
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Assert.True(TlpView.TryParse(tlp, out var view) == TlpError.None);
        if (view.IsConfig)
        {
            ConfigReceived.Add(tlp.ToArray());
            OnConfig(view);
            return true;
        }

        Counted++;
        if (OnlyCounts)
        {
            return true;
        }

        Received.Add(tlp.ToArray());
        if (view.Kind == TlpKind.MemoryWrite && Config.TryMatchBar(view.Address, view.LengthDw * 4, out var bar, out var offset))
        {
            Assert.True(view.Payload.Length <= Config.MaxPayloadBytes, "a write longer than the device's MPS");
            view.Payload.CopyTo(_memory[bar].AsSpan((int)offset));
        }
        else if (view.Kind == TlpKind.MemoryRead && AnswersMemory)
        {
            OnRead(view);
        }
        else if (view.IsAtomic && AnswersMemory)
        {
            var operand = view.Payload[..view.ByteLength];
            var length = new Completion(Rid, view.Requester, view.Tag, CompletionStatus.SuccessfulCompletion, view.ByteLength).Write(_scratch, operand);
            Send(_scratch.AsSpan(0, length));
        }
        else if (view.Kind == TlpKind.CompletionWithData)
        {
            Assert.True(view.Payload.Length <= Config.MaxPayloadBytes, "a completion longer than the device's MPS");
        }

        return true;
    }

    private void OnConfig(in TlpView view)
    {
        if (!AnswersConfig)
        {
            return;
        }

        int length;
        if (view.ConfigTarget.Function != 0)
        {
            length = Completion.To(view, Rid, CompletionStatus.UnsupportedRequest).Write(_scratch);
        }
        else if (view.Kind == TlpKind.ConfigRead0)
        {
            Span<byte> data = stackalloc byte[4];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(data, Config.Read(view.ConfigRegister));
            length = Completion.To(view, Rid, CompletionStatus.SuccessfulCompletion).Write(_scratch, data);
        }
        else
        {
            Config.CaptureRid(view.ConfigTarget);
            Config.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
            length = Completion.To(view, Rid, CompletionStatus.SuccessfulCompletion).Write(_scratch);
        }

        if (LosesNextConfigAnswer)
        {
            LosesNextConfigAnswer = false;
            return;
        }

        Send(_scratch.AsSpan(0, length));
        if (Config.FlrRequested)
        {
            FunctionLevelResets++;
            Config.FunctionLevelReset();
            _memory[0].AsSpan().Clear();
        }
    }

    private void OnRead(in TlpView view)
    {
        if (!Config.TryMatchBar(view.Address, view.LengthDw * 4, out var bar, out var offset))
        {
            var refused = Completion.To(view, Rid, CompletionStatus.UnsupportedRequest).Write(_scratch);
            Send(_scratch.AsSpan(0, refused));
            return;
        }

        var splitter = new CompletionSplitter(view, Config.MaxPayloadBytes, 64);
        while (!splitter.IsDone)
        {
            var piece = splitter.Next();
            var from = (int)(offset + (piece.PayloadAddress - view.Address));
            var length = new Completion(
                Rid, view.Requester, view.Tag, CompletionStatus.SuccessfulCompletion, piece.ByteCount, piece.LowerAddress)
                .Write(_scratch, _memory[bar].AsSpan(from, piece.PayloadBytes));
            Send(_scratch.AsSpan(0, length));
        }
    }
}
