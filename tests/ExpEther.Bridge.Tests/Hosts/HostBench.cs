using ExpEther.Bridge.Hosts;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>
/// A host bridge between a test that plays the root complex and scripted boxes on real links, in virtual time. The switch is set up as
/// an operating system would: bus 1 above it, 2 inside, 3 and up below its slots; each slot has 1 MB at C000_0000h and 16 MB above 512 GB.
/// </summary>
internal sealed class HostBench
{
    public const int UpstreamBus = 1;
    public const int SwitchBus = 2;
    public const uint WindowBase = 0xC000_0000;
    public const ulong HighWindowBase = 0x80_0000_0000;

    public static readonly Rid Cpu = new(0, 0, 0);
    public static readonly VlanId Vlan = new(101);
    public static readonly MacAddress HostMac = new(0x02_00_00_00_00_01);

    private readonly OwnerScheduler _scheduler = new();
    private readonly SeededRandom _random = new(7);
    private readonly byte[] _frame = new byte[9100];
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private byte _tag;

    /// <param name="slots">How many.</param>
    /// <param name="change">Of the bridge's options.</param>
    public HostBench(int slots = 4, Func<HostBridgeOptions, HostBridgeOptions>? change = null)
    {
        var options = new HostBridgeOptions { Name = "host1", Mac = HostMac, Vlan = Vlan, Slots = slots, Sealed = false };
        Options = change?.Invoke(options) ?? options;
        Bridge = new HostBridge(Options, Host, _scheduler, _random, Events);
    }

    public HostBridgeOptions Options { get; }

    public HostBridge Bridge { get; }

    public TestHost Host { get; } = new();

    public EventList Events { get; } = new();

    public List<ScriptedBox> Boxes { get; } = [];

    public Instant Now { get; private set; }

    /// <summary>Frames between the two sides are lost while this is set.</summary>
    public bool IsCut { get; set; }

    /// <summary>The boxes hear nothing while this is set; the host does.</summary>
    public bool IsDeaf { get; set; }

    public List<byte[]> Up { get; } = [];

    public static Rid PortOf(int slot) => new(SwitchBus, slot - 1, 0);

    public static Rid FunctionIn(int slot) => new(SwitchBus + slot, 0, 0);

    public static uint WindowOf(int slot) => WindowBase + ((uint)(slot - 1) << 20);

    public ScriptedBox AddBox(int number = 1, int? mtuBytes = null)
    {
        var box = new ScriptedBox(
            new LinkOptions
            {
                Local = new MacAddress(0x02_00_00_00_10_00 + (ulong)number),
                Peer = HostMac,
                Vlan = Vlan,
                Role = LinkRole.Initiator,
                MtuBytes = mtuBytes ?? Options.MtuBytes,
                Sealed = Options.Sealed,
                PreSharedKey = Options.Sealed ? PairKey.Derive(Options.Key, new MacAddress(0x02_00_00_00_10_00 + (ulong)number)) : [],
                LocalName = $"box{number}",
                LinkDead = Options.LinkDead,
            },
            _random, Events);
        Boxes.Add(box);
        box.Link.Open(Now);
        Settle();
        Assert.Equal(LinkState.Up, box.Link.State);
        return box;
    }

    /// <summary>A box with one function, plugged into slot 1 and taken into use: power, bus mastering, memory.</summary>
    public ScriptedBox AddBoxWithFunction(ulong generation = 7)
    {
        SetUpSwitch();
        var box = AddBox();
        box.Answer = AnswerConfig;
        box.Present(1, generation);
        Settle();
        WriteSlotControl(1, 0);
        WriteConfig(FunctionIn(1), ConfigRegister.Command, 0x6);
        box.Tlps.Clear();
        box.Controls.Clear();
        Up.Clear();
        return box;
    }

    /// <summary>Bus numbers, windows, memory and bus mastering of all ports, as enumeration leaves them.</summary>
    public void SetUpSwitch()
    {
        SetUpPort(new Rid(UpstreamBus, 0, 0), UpstreamBus, SwitchBus, SwitchBus + Options.Slots, WindowBase, Options.Slots, HighWindowBase);
        for (var slot = 1; slot <= Options.Slots; slot++)
        {
            SetUpPort(PortOf(slot), SwitchBus, SwitchBus + slot, SwitchBus + slot, WindowOf(slot), 1, HighWindowBase + ((ulong)(slot - 1) << 24));
        }

        Up.Clear();
    }

    /// <summary>Enables hot-plug interrupts of a slot and their MSI.</summary>
    public void EnableHotPlugInterrupts(int slot, uint data)
    {
        var msi = FindCapability(PortOf(slot), 0x05);
        WriteConfig(PortOf(slot), msi + 4, 0xFEE0_0000);
        WriteConfig(PortOf(slot), msi + 8, 0);
        WriteConfig(PortOf(slot), msi + 12, data);
        WriteConfig(PortOf(slot), msi, 1 << 16, 0b1100);
        WriteSlotControl(slot, (1 << 0) | (1 << 3) | (1 << 5) | (1 << 10) | (1 << 12));
        Up.Clear();
    }

    /// <summary>Writes Slot Control and clears Slot Status.</summary>
    public void WriteSlotControl(int slot, uint control)
    {
        var pcie = FindCapability(PortOf(slot), 0x10);
        WriteConfig(PortOf(slot), pcie + 0x18, control | 0xFFFF_0000);
    }

    public uint ReadSlot(int slot) => ReadConfig(PortOf(slot), FindCapability(PortOf(slot), 0x10) + 0x18);

    public uint ReadConfig(Rid target, int register)
    {
        var tag = NextTag();
        Send(tlp => new ConfigRead(Cpu, tag, target, register, IsType1(target)).Write(tlp));
        return Completion(tag, out var data) == CompletionStatus.SuccessfulCompletion ? data : uint.MaxValue;
    }

    public CompletionStatus WriteConfig(Rid target, int register, uint value, int enables = 0xF)
    {
        var tag = NextTag();
        Send(tlp => new ConfigWrite(Cpu, tag, target, register, IsType1(target), value, enables).Write(tlp));
        return Completion(tag, out _);
    }

    public bool TrySend(byte[] tlp)
    {
        var taken = Bridge.TryAccept(tlp, Now);
        Settle();
        return taken;
    }

    public delegate int Writer(Span<byte> into);

    public void Send(Writer write) => Assert.True(TrySend(Make(write)));

    public static byte[] Make(Writer write)
    {
        var tlp = new byte[TlpLimits.BytesMax];
        return tlp[..write(tlp)];
    }

    public Tag NextTag() => new(++_tag);

    /// <summary>Takes the completion of a tag from what came up.</summary>
    public CompletionStatus Completion(Tag tag, out uint data)
    {
        var index = Up.FindIndex(tlp => TlpView.TryParse(tlp, out var view) == TlpError.None && view.IsCompletion && view.Tag == tag);
        Assert.True(index >= 0, $"no completion for tag {tag.Value}");
        TlpView.TryParse(Up[index], out var completion);
        data = completion.HasPayload ? BitConverter.ToUInt32(completion.Payload) : 0;
        var status = completion.Status;
        Up.RemoveAt(index);
        return status;
    }

    /// <summary>Lets everything happen that needs no time.</summary>
    public void Settle()
    {
        var busy = true;
        while (busy)
        {
            _scheduler.Advance(Now);
            busy = _scheduler.RunReady() > 0;
            busy |= Bridge.Poll(Now);
            while (Bridge.TryTakeFrame(Now, _frame, out var length))
            {
                busy = true;
                Deliver(_frame.AsSpan(0, length), toHost: false);
            }

            foreach (var box in Boxes)
            {
                box.Link.OnTime(Now);
                while (box.Link.TryTakeFrame(Now, _frame, out var length))
                {
                    busy = true;
                    Deliver(_frame.AsSpan(0, length), toHost: true);
                }
            }

            while (Bridge.TryTake(Now, _tlp, out var length))
            {
                Up.Add(_tlp[..length]);
            }
        }
    }

    /// <summary>Lets time pass, deadline by deadline.</summary>
    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        while (Now < end)
        {
            Settle();
            var next = Bridge.NextDeadline;
            foreach (var box in Boxes)
            {
                next = Instant.Earliest(next, box.Link.NextDeadline);
            }

            // A deadline that is due makes at least a microsecond pass, so that no loop stands still.
            var soonest = Now + TimeSpan.FromMicroseconds(1);
            Now = Instant.Min(end, next is { } at && at > soonest ? at : soonest);
        }

        Settle();
    }

    public SlotStatus Slot(int number) => Bridge.Status().Slots[number - 1];

    /// <summary>As a virtual configuration space that stores nothing would.</summary>
    public static byte[]? AnswerConfig(byte[] request)
    {
        TlpView.TryParse(request, out var view);
        return view.Kind switch
        {
            TlpKind.ConfigRead0 => Make(into => Pcie.Tlp.Completion.To(Parse(request), Parse(request).ConfigTarget, CompletionStatus.SuccessfulCompletion)
                .Write(into, BitConverter.GetBytes(0x0010_1B36U))),
            TlpKind.ConfigWrite0 => Make(into => Pcie.Tlp.Completion.To(Parse(request), Parse(request).ConfigTarget, CompletionStatus.SuccessfulCompletion)
                .Write(into)),
            _ => null,
        };
    }

    public static TlpView Parse(byte[] tlp)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        return view;
    }

    private static bool IsType1(Rid target) => target.Bus != UpstreamBus;

    private int FindCapability(Rid target, byte id)
    {
        var at = (int)(ReadConfig(target, 0x34) & 0xFC);
        while (at != 0)
        {
            var header = ReadConfig(target, at);
            if ((header & 0xFF) == id)
            {
                return at;
            }

            at = (int)(header >> 8 & 0xFC);
        }

        Assert.Fail($"no capability {id:x2}h");
        return 0;
    }

    private void SetUpPort(Rid port, int primary, int secondary, int subordinate, uint window, int windowMegabytes, ulong highWindow)
    {
        WriteConfig(port, 0x18, (uint)(primary | secondary << 8 | subordinate << 16));
        var limit = window + ((uint)windowMegabytes << 20) - 1;
        WriteConfig(port, 0x20, window >> 16 | limit & 0xFFF0_0000);
        var highLimit = highWindow + ((ulong)windowMegabytes << 24) - 1;
        WriteConfig(port, 0x24, ((uint)highWindow >> 16 & 0xFFF0) | (uint)highLimit & 0xFFF0_0000);
        WriteConfig(port, 0x28, (uint)(highWindow >> 32));
        WriteConfig(port, 0x2C, (uint)(highLimit >> 32));
        WriteConfig(port, ConfigRegister.Command, 0x106);
        WriteConfig(port, 0x3C, 1 << 17, 0b1100);
    }

    private void Deliver(ReadOnlySpan<byte> frame, bool toHost)
    {
        if (IsCut || (IsDeaf && !toHost))
        {
            return;
        }

        var received = new ReceivedFrame(
            MacAddress.Read(frame), MacAddress.Read(frame[6..]), new VlanId((ushort)((frame[14] << 8 | frame[15]) & 0xFFF)), frame[18..]);
        if (toHost)
        {
            Bridge.OnFrame(received, Now);
            return;
        }

        foreach (var box in Boxes)
        {
            if (received.Destination == box.Mac)
            {
                box.Link.OnFrame(received, Now);
            }
        }
    }
}
