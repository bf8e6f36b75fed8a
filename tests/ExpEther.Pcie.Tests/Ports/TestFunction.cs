using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>A function that answers configuration requests and memory reads (with its number in every byte), and sends what it is told to.</summary>
internal sealed class TestFunction(EndpointConfig config) : ISrIovFunction
{
    private readonly Queue<byte[]> _output = new();
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    public EndpointConfig Config { get; } = config;

    public List<byte[]> Received { get; } = [];

    public int Resets { get; private set; }

    public Instant? NextDeadline => null;

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        Resets++;
        Config.Reset();
        _output.Clear();
    }

    public void Send(int count, ulong address = 0x1000)
    {
        for (var i = 0; i < count; i++)
        {
            var length = new MemoryWrite(Config.Rid, address + (4 * (ulong)i)).Write(_tlp, [(byte)i, 0, 0, 0]);
            _output.Enqueue(_tlp[..length]);
        }
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Received.Add(tlp.ToArray());
        if (TlpView.TryParse(tlp, out var view) != TlpError.None)
        {
            return true;
        }

        if (view.Kind == TlpKind.ConfigRead0)
        {
            Span<byte> value = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(value, Config.Read(view.ConfigRegister));
            Answer(view, CompletionStatus.SuccessfulCompletion, value);
        }
        else if (view.Kind == TlpKind.ConfigWrite0)
        {
            Config.CaptureRid(view.ConfigTarget);
            Config.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
            Answer(view, CompletionStatus.SuccessfulCompletion, []);
            if (Config.FlrRequested)
            {
                Config.FunctionLevelReset();
            }
        }
        else if (view.Kind == TlpKind.MemoryRead)
        {
            var ok = Config.TryMatchBar(view.Address, view.LengthDw * 4, out _, out _);
            Span<byte> value = stackalloc byte[4];
            value.Fill((byte)Config.VirtualFunctionNumber);
            Answer(view, ok ? CompletionStatus.SuccessfulCompletion : CompletionStatus.UnsupportedRequest, ok ? value : []);
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

    private void Answer(in TlpView view, CompletionStatus status, ReadOnlySpan<byte> data)
    {
        var completion = Completion.To(view, Config.Rid, status);
        var length = data.IsEmpty ? completion.Write(_tlp) : completion.Write(_tlp, data);
        _output.Enqueue(_tlp[..length]);
    }
}
