using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>
/// What a device meets at the other end of its link: a processor that reads and writes configuration space and BARs, and memory that
/// answers its reads, in any order and split as the specification allows. All by TLPs.
/// </summary>
internal sealed partial class TlpHost
{
    public const ulong BarBase = 0x20_0000_0000;
    public const ulong InterruptBase = 0xFEE0_0000;
    public static readonly Rid Self = new(0, 0, 0);
    public static readonly Rid DeviceRid = new(5, 0, 0);

    private readonly SeededRandom _random;
    private readonly byte[] _in = new byte[TlpLimits.BytesMax];
    private readonly byte[] _out = new byte[TlpLimits.BytesMax];
    private readonly List<PendingRead> _reads = new(1024);
    private ushort _tag;
    private bool _answered;
    private CompletionStatus _answerStatus;
    private readonly byte[] _answer = new byte[4096];
    private int _answerBytes;

    public TlpHost(
        IPcieDevice device, int memoryBytes = 8 << 20, ulong memoryBase = 0x1_0000_0000, ulong seed = 1, Rid? function = null, ulong bar = BarBase)
    {
        Device = device;
        Function = function ?? DeviceRid;
        Bar = bar;
        Memory = new byte[memoryBytes];
        MemoryBase = memoryBase;
        _random = new SeededRandom(seed);
    }

    public IPcieDevice Device { get; }

    public Rid Function { get; }

    /// <summary>Where BAR 0 of the function is.</summary>
    public ulong Bar { get; }

    public byte[] Memory { get; }

    public ulong MemoryBase { get; }

    public Instant Now { get; private set; }

    /// <summary>Data values of interrupt messages, in order of arrival.</summary>
    public List<uint> Interrupts { get; } = new(4096);

    public List<MessageCode> Messages { get; } = [];

    /// <summary>Addresses and lengths of all memory writes but interrupts.</summary>
    public List<(ulong Address, int Bytes)> Writes { get; } = new(65536);

    public List<(ulong Address, int Bytes, int Tag)> Reads { get; } = new(65536);

    public bool RecordsTraffic { get; set; }

    /// <summary>Cut completions at random legal places, answer requests in random order.</summary>
    public bool Shuffles { get; set; }

    /// <summary>Reads of memory are not answered.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Falls silent when a read of this address comes.</summary>
    public ulong SilentFrom { get; set; } = ulong.MaxValue;

    /// <summary>A read of this address is kept unanswered, others are not.</summary>
    public ulong Withheld { get; set; } = ulong.MaxValue;

    /// <summary>Completions poisoned from now on.</summary>
    public bool Poisons { get; set; }

    public int MaxPayloadBytes { get; set; } = 512;

    public int OutstandingReads => _reads.Count;

    public int OutstandingReadsMax { get; private set; }

    public Span<byte> At(ulong address, int bytes) => Memory.AsSpan((int)(address - MemoryBase), bytes);

    public void Advance(TimeSpan by)
    {
        Now += by;
        Pump();
    }

    /// <summary>Moves TLPs until nothing more happens.</summary>
    public void Pump() => PumpBounded(1_000_000);

    /// <summary>As <see cref="Pump"/>, but it must be over within so many turns.</summary>
    public void PumpBounded(int turnsMax)
    {
        for (var idle = 0; idle < 2;)
        {
            idle = PumpOnce() ? 0 : idle + 1;
            Assert.True(turnsMax-- > 0, "the device never comes to rest");
        }
    }

    /// <summary>All that the device has to send now, and one answer.</summary>
    public bool PumpOnce()
    {
        var any = Device.Poll(Now);
        while (Device.TryTake(Now, _in, out var length))
        {
            any = true;
            Receive(_in.AsSpan(0, length));
        }

        return any | (!IsSilent && AnswerOne());
    }

    /// <summary>The reads not yet answered never will be.</summary>
    public void ForgetReads() => _reads.Clear();

    /// <summary>Throws away what the device sends; it must come to rest within so many TLPs.</summary>
    public void Discard(int tlpsMax)
    {
        while (Device.TryTake(Now, _in, out _))
        {
            Assert.True(tlpsMax-- > 0, "the device never comes to rest");
        }
    }

    public void Send(ReadOnlySpan<byte> tlp) => Assert.True(Device.TryAccept(tlp, Now));

    public void WriteConfig(int register, uint value, int enables = 0xF)
    {
        var length = new ConfigWrite(Self, NextTag(), Function, register, false, value, enables).Write(_out);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, Ask(length));
    }

    public uint ReadConfig(int register)
    {
        var length = new ConfigRead(Self, NextTag(), Function, register, false).Write(_out);
        Assert.Equal(CompletionStatus.SuccessfulCompletion, Ask(length));
        return BinaryPrimitives.ReadUInt32LittleEndian(_answer);
    }

    public CompletionStatus TryReadMemory(ulong address, int bytes, out byte[] data)
    {
        var length = new MemoryRead(Self, NextTag(), address, bytes).Write(_out);
        var status = Ask(length);
        data = _answer[.._answerBytes];
        return status;
    }

    public uint Read32(int offset)
    {
        Assert.Equal(CompletionStatus.SuccessfulCompletion, TryReadMemory(Bar + (ulong)offset, 4, out var data));
        return BinaryPrimitives.ReadUInt32LittleEndian(data);
    }

    public ulong Read64(int offset)
    {
        Assert.Equal(CompletionStatus.SuccessfulCompletion, TryReadMemory(Bar + (ulong)offset, 8, out var data));
        return BinaryPrimitives.ReadUInt64LittleEndian(data);
    }

    public void Write32(int offset, uint value)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, value);
        WriteMemory(Bar + (ulong)offset, data);
    }

    public void Write64(int offset, ulong value)
    {
        Span<byte> data = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(data, value);
        WriteMemory(Bar + (ulong)offset, data);
    }

    public void WriteMemory(ulong address, ReadOnlySpan<byte> data) =>
        Send(_out.AsSpan(0, new MemoryWrite(Self, address).Write(_out, data)));

    private Tag NextTag() => new(_tag = (ushort)((_tag + 1) & 0xFF));

    /// <summary>Sends what is in the buffer and waits for all of its completion; everything the device sends meanwhile is served.</summary>
    private CompletionStatus Ask(int length)
    {
        _answered = false;
        _answerBytes = 0;
        Send(_out.AsSpan(0, length));
        for (var turns = 0; !_answered; turns++)
        {
            Assert.True(turns < 100_000, "the device never answers");
            if (Device.TryTake(Now, _in, out var taken))
            {
                Receive(_in.AsSpan(0, taken));
            }
        }

        return _answerStatus;
    }

    private void Receive(ReadOnlySpan<byte> tlp)
    {
        Assert.True(TlpView.TryParse(tlp, out var view) == TlpError.None, "a malformed TLP");
        switch (view.Kind)
        {
            case TlpKind.Completion:
                _answerStatus = view.Status;
                _answered = true;
                break;
            case TlpKind.CompletionWithData:
                _answerStatus = view.Status;
                view.Payload.CopyTo(_answer.AsSpan(_answerBytes));
                _answerBytes += view.Payload.Length;
                _answered = view.ByteCount <= view.Payload.Length;
                break;
            case TlpKind.MemoryWrite:
                ReceiveWrite(view);
                break;
            case TlpKind.MemoryRead:
                if (RecordsTraffic)
                {
                    Reads.Add((view.Address, view.ByteLength, view.Tag.Value));
                }

                Assert.False(IsOutstanding(view.Tag), "a tag is in use twice");
                IsSilent |= view.Address == SilentFrom;
                _reads.Add(new PendingRead { Requester = view.Requester, Tag = view.Tag, Address = view.Address, Left = view.ByteLength });
                OutstandingReadsMax = Math.Max(OutstandingReadsMax, _reads.Count);
                break;
            case TlpKind.Message:
                Messages.Add(view.MessageCode);
                break;
            default:
                Assert.Fail($"the device sent {view.Kind}");
                break;
        }
    }

    private bool IsOutstanding(Tag tag)
    {
        foreach (var read in _reads)
        {
            if (read.Tag == tag)
            {
                return true;
            }
        }

        return false;
    }

    private void ReceiveWrite(in TlpView view)
    {
        var payload = view.Payload;
        Assert.True(payload.Length <= MaxPayloadBytes, "Max_Payload_Size");
        if (view.Address == InterruptBase)
        {
            Interrupts.Add(BinaryPrimitives.ReadUInt32LittleEndian(payload));
            return;
        }

        if (RecordsTraffic)
        {
            Writes.Add((view.Address, payload.Length));
        }

        if (view.Address >= MemoryBase && view.Address - MemoryBase + (ulong)payload.Length <= (ulong)Memory.Length)
        {
            payload.CopyTo(At(view.Address, payload.Length));
        }
    }

    /// <summary>Answers one read, or a piece of one.</summary>
    private bool AnswerOne()
    {
        if (_reads.Count == 0)
        {
            return false;
        }

        var index = Shuffles ? _random.Next(_reads.Count) : 0;
        var read = _reads[index];
        if (read.Address == Withheld)
        {
            // Behind the others; alone it waits.
            _reads.RemoveAt(index);
            _reads.Add(read);
            index = 0;
            read = _reads[0];
            if (read.Address == Withheld)
            {
                return false;
            }
        }

        int length;
        if (read.Address < MemoryBase || read.Address - MemoryBase + (ulong)read.Left > (ulong)Memory.Length)
        {
            length = new Completion(Self, read.Requester, read.Tag, CompletionStatus.UnsupportedRequest, read.Left, (int)(read.Address & 0x7F)).Write(_out);
            _reads.RemoveAt(index);
        }
        else
        {
            var bytes = Piece(read);
            var completion = new Completion(
                Self, read.Requester, read.Tag, CompletionStatus.SuccessfulCompletion, read.Left, (int)(read.Address & 0x7F),
                Poisons ? TlpAttributes.Poisoned : TlpAttributes.None);
            length = completion.Write(_out, At(read.Address, bytes));
            read.Address += (ulong)bytes;
            read.Left -= bytes;
            if (read.Left == 0)
            {
                _reads.RemoveAt(index);
            }
            else
            {
                _reads[index] = read;
            }
        }

        Send(_out.AsSpan(0, length));
        return true;
    }

    private int Piece(in PendingRead read)
    {
        // PCIe 5.0 §2.3.1.1: each completion but the last ends on a read completion boundary, here 64 bytes.
        var toBoundary = 64 - (int)(read.Address & 63);
        var most = Math.Min(read.Left, MaxPayloadBytes);
        if (most < read.Left)
        {
            most -= (int)((read.Address + (ulong)most) & 63);
        }

        if (!Shuffles || toBoundary >= most)
        {
            return most;
        }

        var boundaries = (most - toBoundary) / 64;
        var pick = toBoundary + (64 * _random.Next(boundaries + 1));
        return _random.Chance(0.5) ? most : Math.Min(pick, most);
    }
}
