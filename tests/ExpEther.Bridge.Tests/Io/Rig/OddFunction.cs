using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>
/// A function of an <see cref="OddSrIov"/>. BAR 0 (64-bit) is plain memory but for four registers with which its host makes it master the
/// bus; BAR 3 (32-bit) has the MSI-X table. Its vendor capability counts writes to it.
/// </summary>
internal sealed class OddFunction : ISrIovFunction
{
    public const int DmaAddress = 0x100;
    public const int DmaAddressHigh = 0x104;
    public const int DmaBytes = 0x108;

    /// <summary>Bits 15:0: how often; 23:16: tag; 31:24: <see cref="Write"/>, <see cref="Read"/> or <see cref="Interrupt"/>.</summary>
    public const int DmaDoorbell = 0x10C;

    public const uint Write = 1 << 24;
    public const uint Read = 2 << 24;
    public const uint Interrupt = 3 << 24;

    private readonly Queue<byte[]> _answers = new();
    private readonly byte[] _memory = new byte[0x1_0000];
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly byte[] _payload = new byte[256];
    private readonly MsixTable _msix;
    private Queue<byte[]> _requests = new();
    private ulong _writeAddress;
    private int _writes;

    public OddFunction(EndpointConfig config)
    {
        Config = config;
        _msix = new MsixTable(config);
        VendorOffset = config.Space.AddCapability(CapabilityId.VendorSpecific, 12);
        config.Space.Set8(VendorOffset + 2, 12);
        config.Space.DefineRw32(VendorOffset + 4, 0xFFFF_FFFF);
        config.Space.KeepAsDefaults();
    }

    public EndpointConfig Config { get; }

    public int VendorOffset { get; }

    /// <summary>Its own, for its host to read.</summary>
    public Span<byte> Memory => _memory;

    /// <summary>All that reached it but configuration requests.</summary>
    public List<byte[]> Received { get; } = [];

    public bool OnlyCounts { get; set; }

    public int Counted { get; private set; }

    /// <summary>Configuration requests that it was given.</summary>
    public int Asked { get; private set; }

    public int FunctionLevelResets { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Answers nothing any more from its next function level reset on.</summary>
    public bool DiesOfReset { get; set; }

    public bool IsDead { get; set; }

    /// <summary>Configuration requests that it answers "retry" to, from its next reset on.</summary>
    public int Retries { get; set; }

    /// <summary>TLPs that wait to be taken.</summary>
    public int Waiting => _answers.Count + _requests.Count + _writes;

    public Instant? NextDeadline => null;

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        Resets++;
        IsDead = false;
        Clear();
        Config.Reset();
    }

    /// <summary>Writes as its host could have told it to, each of 256 bytes, with its number in every byte.</summary>
    public void WriteToHost(ulong address, int count)
    {
        _payload.AsSpan().Fill((byte)Config.VirtualFunctionNumber);
        _writeAddress = address;
        _writes += count;
    }

    /// <summary>Says what no rule allows or forbids it to say: bus mastering need not be on.</summary>
    public void Say(TlpWriter write)
    {
        var length = write(_tlp);
        _answers.Enqueue(_tlp[..length]);
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (_answers.TryDequeue(out var tlp) || (Config.BusMasterEnable && _requests.TryDequeue(out tlp)))
        {
            tlp.CopyTo(into);
            length = tlp.Length;
        }
        else if (Config.BusMasterEnable && _writes > 0)
        {
            _writes--;
            length = new MemoryWrite(Config.Rid, _writeAddress).Write(into, _payload);
        }

        return length > 0;
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Assert.True(TlpView.TryParse(tlp, out var view) == TlpError.None);
        if (IsDead)
        {
            return true;
        }

        if (view.IsConfig)
        {
            Assert.True(view.Kind is TlpKind.ConfigRead0 or TlpKind.ConfigWrite0, "a function is given type 0 requests only");
            OnConfig(view);
            return true;
        }

        Counted++;
        if (!OnlyCounts)
        {
            Received.Add(tlp.ToArray());
            OnMemory(view);
        }

        return true;
    }

    private void OnConfig(in TlpView view)
    {
        Asked++;
        if (Retries > 0)
        {
            Retries--;
            Answer(Completion.To(view, Config.Rid, CompletionStatus.ConfigurationRequestRetry), []);
            return;
        }

        if (view.Kind == TlpKind.ConfigRead0)
        {
            Answer(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), BitConverter.GetBytes(Config.Read(view.ConfigRegister)));
            return;
        }

        Config.CaptureRid(view.ConfigTarget);
        Answer(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), []);
        Config.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
        if (view.ConfigRegister == VendorOffset + 4)
        {
            Config.Space.Set32(VendorOffset + 8, Config.Space.Get32(VendorOffset + 8) + 1);
        }

        if (Config.FlrRequested)
        {
            FunctionLevelResets++;
            var answer = _answers.Last();
            Clear();
            _answers.Enqueue(answer);
            Config.FunctionLevelReset();
            IsDead = DiesOfReset;
        }
    }

    private void OnMemory(in TlpView view)
    {
        if (!view.IsMemory)
        {
            return;
        }

        if (!Config.TryMatchBar(view.Address, view.LengthDw * 4, out var bar, out var offset))
        {
            if (view.Class == TlpClass.NonPosted)
            {
                Answer(Completion.To(view, Config.Rid, CompletionStatus.UnsupportedRequest), []);
            }
        }
        else if (view.Kind == TlpKind.MemoryRead)
        {
            var data = bar == 0 ? _memory.AsSpan((int)offset, view.LengthDw * 4).ToArray() : BitConverter.GetBytes(_msix.ReadTable((int)offset));
            Answer(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion), data);
        }
        else if (bar == 0)
        {
            view.Payload.CopyTo(_memory.AsSpan((int)offset));
            if ((int)offset == DmaDoorbell)
            {
                Ring(BinaryPrimitives.ReadUInt32LittleEndian(view.Payload));
            }
        }
        else
        {
            for (var at = 0; at < view.Payload.Length; at += 4)
            {
                _msix.WriteTable((int)offset + at, BinaryPrimitives.ReadUInt32LittleEndian(view.Payload[at..]));
            }
        }
    }

    private void Ring(uint value)
    {
        var address = BinaryPrimitives.ReadUInt64LittleEndian(_memory.AsSpan(DmaAddress));
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(_memory.AsSpan(DmaBytes));
        for (var i = 0; i < (value & 0xFFFF); i++)
        {
            int length;
            switch (value & 0xFF00_0000)
            {
                case Write:
                    var payload = new byte[bytes];
                    payload.AsSpan().Fill((byte)Config.VirtualFunctionNumber);
                    length = new MemoryWrite(Config.Rid, address).Write(_tlp, payload);
                    break;
                case Read:
                    length = new MemoryRead(Config.Rid, new Tag((ushort)((value >> 16) & 0xFF)), address, bytes).Write(_tlp);
                    break;
                default:
                    if (_msix.TryRaise((int)(value >> 16) & 0xFF, out var to, out var data) != MsixOutcome.Deliver)
                    {
                        return;
                    }

                    length = new MemoryWrite(Config.Rid, to).Write(_tlp, BitConverter.GetBytes(data));
                    break;
            }

            _requests.Enqueue(_tlp[..length]);
        }
    }

    private void Clear()
    {
        _answers.Clear();
        _requests = new Queue<byte[]>();
        _writes = 0;
        _memory.AsSpan().Clear();
        _msix.Reset();
    }

    private void Answer(Completion completion, ReadOnlySpan<byte> data)
    {
        var length = data.IsEmpty ? completion.Write(_tlp) : completion.Write(_tlp, data);
        _answers.Enqueue(_tlp[..length]);
    }
}
