using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Guests;

namespace ExpEther.RootComplex.Tests.Guests;

/// <summary>
/// A slot with its function, which is the test: BAR 0 (64-bit, 16 KB) and configuration space are arrays of bytes. It takes the slot's TLPs when told to
/// and answers them as told: in any order between requests, in any legal pieces.
/// </summary>
internal sealed class ScriptedFunction
{
    public const int BarBytes = 16 << 10;
    public const int PcieOffset = 0x80;
    public const ulong BarAddress = 0x40_0000_0000;

    public static readonly Rid Requester = new(0, 0, 0);
    public static readonly Rid VfH = new(3, 0, 0);

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly byte[] _data = new byte[TlpLimits.PayloadBytesMax];

    public ScriptedFunction()
    {
        Slot = new GuestSlot(1, Requester, TimeSpan.FromSeconds(1), Scheduler, Counters) { Sink = Log, VfH = VfH };
        Slot.PowerOn();
        Slot.Fill(
            new GuestFunction(VfH, 0x1B36, 0x10, 0x010802, [new PciBar(0, default, BarBytes, true, true), new PciBar(2, default, 4096, false, false)], 0, 0, 0, 0),
            new PciCapabilities { PciExpress = PcieOffset });
        BitConverter.TryWriteBytes(Config, 0x0010_1B36);
        BitConverter.TryWriteBytes(Config.AsSpan(PcieOffset + PcieRegister.DeviceCapabilities), PcieRegister.DeviceCapabilitiesFlr);
    }

    public OwnerScheduler Scheduler { get; } = new();

    public RootComplexCounters Counters { get; } = new();

    public GuestSlot Slot { get; }

    public AccessLog Log { get; } = new();

    public byte[] Bar { get; } = new byte[BarBytes];

    public byte[] Config { get; } = new byte[ConfigLimits.SpaceBytes];

    /// <summary>Non-posted requests that are not answered.</summary>
    public List<byte[]> Requests { get; } = [];

    /// <summary>Every TLP in the order of its coming.</summary>
    public List<byte[]> Received { get; } = [];

    public Instant Now { get; private set; }

    public static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    /// <summary>Writes the BARs as a guest does.</summary>
    public void PlaceBar(ulong address = BarAddress)
    {
        WriteConfig(ConfigRegister.Bar0, BitConverter.GetBytes(address));
        Log.Writes.Clear();
    }

    /// <summary>A configuration write, to its end.</summary>
    public bool WriteConfig(int offset, byte[] data)
    {
        const ulong Token = 0xC0F1;
        Assert.True(Slot.TryWriteConfig(offset, data, Token));
        Finish();
        Assert.True(Log.Writes.Remove(Token, out var isDone));
        return isDone;
    }

    /// <summary>A read of memory, to its end.</summary>
    public byte[] Read(int bar, ulong offset, int bytes)
    {
        const ulong Token = 0x4EAD;
        Assert.True(Slot.TryReadMemory(bar, offset, bytes, Token));
        Finish();
        Assert.True(Log.Reads.Remove(Token, out var data));
        return data;
    }

    /// <summary>Takes one TLP; posted writes are done at once.</summary>
    public bool TakeOne()
    {
        if (!Slot.TryTake(Now, _tlp, out var length))
        {
            return false;
        }

        var tlp = _tlp[..length];
        var view = Parse(tlp);
        Received.Add(tlp);
        Assert.Equal(Requester, view.Requester);
        Assert.True(view.IsMemory || (view.ConfigTarget == VfH && view.Kind is TlpKind.ConfigRead1 or TlpKind.ConfigWrite1));
        if (view.Class == TlpClass.NonPosted)
        {
            Requests.Add(tlp);
            return true;
        }

        Assert.True(view.Payload.Length <= TlpLimits.PayloadBytesMax);
        var offset = (int)(view.FirstByteAddress - BarAddress);
        view.Payload.Slice((int)(view.FirstByteAddress & 3), view.ByteLength).CopyTo(Bar.AsSpan(offset));
        return true;
    }

    public void TakeAll()
    {
        while (TakeOne())
        {
        }
    }

    /// <summary>Takes and answers until nothing is left, and tells the sink.</summary>
    public void Finish()
    {
        do
        {
            TakeAll();
            while (Requests.Count > 0)
            {
                Answer(0, _ => 0);
                TakeAll();
            }

            Scheduler.Advance(Now);
        }
        while (Scheduler.RunReady() > 0 | Slot.Poll(Now));
    }

    public void Pass(TimeSpan time)
    {
        Now += time;
        Scheduler.Advance(Now);
        Scheduler.RunReady();
        Slot.Poll(Now);
    }

    /// <summary>Answers the request at <paramref name="index"/> whole.</summary>
    /// <param name="index">Among <see cref="Requests"/>.</param>
    /// <param name="choose">A number below its argument: how many read completion boundaries each piece goes past the next one.</param>
    public void Answer(int index, Func<int, int> choose)
    {
        var request = Requests[index];
        Requests.RemoveAt(index);
        var view = Parse(request);
        switch (view.Kind)
        {
            case TlpKind.ConfigRead1:
                Config.AsSpan(view.ConfigRegister, 4).CopyTo(_data);
                Send(Completion.To(view, VfH, CompletionStatus.SuccessfulCompletion), 4);
                break;
            case TlpKind.ConfigWrite1:
                for (var i = 0; i < 4; i++)
                {
                    if ((view.FirstByteEnables & (1 << i)) != 0)
                    {
                        Config[view.ConfigRegister + i] = view.Payload[i];
                    }
                }

                Refuse(request, CompletionStatus.SuccessfulCompletion);
                break;
            default:
                AnswerRead(view, choose);
                break;
        }
    }

    /// <summary>Sends a completion without data.</summary>
    public void Refuse(byte[] request, CompletionStatus status)
    {
        var length = Completion.To(Parse(request), VfH, status).Write(_tlp);
        Assert.True(Slot.TryAccept(_tlp.AsSpan(0, length), Now));
    }

    /// <summary>Sends a completion with data that a test makes up.</summary>
    public void Send(in Completion completion, int bytes)
    {
        var length = completion.Write(_tlp, _data.AsSpan(0, bytes));
        Assert.True(Slot.TryAccept(_tlp.AsSpan(0, length), Now));
    }

    private void AnswerRead(in TlpView view, Func<int, int> choose)
    {
        const int Boundary = 64;
        var header = Completion.To(view, VfH, CompletionStatus.SuccessfulCompletion);
        var at = view.FirstByteAddress;
        var left = view.ByteLength;
        Assert.True((at & 0xFFF) + (ulong)left <= 4096 && left <= GuestLimits.ReadRequestBytesMax);
        while (left > 0)
        {
            var boundaries = (left + Boundary) / Boundary;
            var end = (at / Boundary * Boundary) + (ulong)(Boundary * (1 + choose(boundaries)));
            var bytes = (int)Math.Min((ulong)left, end - at);
            var skip = (int)(at & 3);
            var payload = (skip + bytes + 3) & ~3;
            // What is not asked for is anything.
            _data.AsSpan(0, payload).Fill(0xAB);
            Bar.AsSpan((int)(at - BarAddress), bytes).CopyTo(_data.AsSpan(skip));
            Send(header with { ByteCount = left, LowerAddress = (int)(at & 0x7F) }, payload);
            at += (ulong)bytes;
            left -= bytes;
        }
    }
}
