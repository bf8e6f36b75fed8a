using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Tests.Fabric;

/// <summary>A switch of an upstream port and hot-plug slots, made of the ports' configuration spaces; TLPs are routed as a switch does.</summary>
internal sealed class TestSwitch : IPcieDevice
{
    private readonly Queue<byte[]> _up = new();
    private readonly BridgePortConfig _upstream = Port(PortType.UpstreamPort, null);
    private readonly BridgePortConfig[] _ports;
    private readonly IPcieDevice?[] _cards;
    private readonly bool[] _lit;
    private readonly bool[] _withdrawn;
    private readonly byte[] _buffer = new byte[TlpLimits.BytesMax];

    public TestSwitch(int slots)
    {
        _ports = [.. Enumerable.Range(1, slots).Select(slot => Port(PortType.DownstreamPort, slot))];
        _cards = new IPcieDevice?[slots];
        _lit = new bool[slots];
        _withdrawn = new bool[slots];
    }

    public int SlotCount => _ports.Length;

    /// <summary>Presses a slot's attention button; its card is taken out once the slot powers off, as when its other end lets go.</summary>
    public void PressAndWithdraw(int slot)
    {
        _withdrawn[slot] = true;
        Slot(slot).PressAttentionButton();
    }

    /// <summary>Power does not bring the link up.</summary>
    public bool DeadLinks { get; set; }

    public BridgePortConfig PortOf(int slot) => _ports[slot];

    public SlotRegisters Slot(int slot) => _ports[slot].Slot!;

    public IPcieDevice? Card(int slot) => _cards[slot];

    public void Plug(int slot, IPcieDevice card)
    {
        Assert.Null(_cards[slot]);
        _cards[slot] = card;
        _withdrawn[slot] = false;
        Slot(slot).SetPresence(true);
    }

    /// <summary>Pulls the card without asking.</summary>
    public void Pull(int slot)
    {
        _cards[slot] = null;
        _lit[slot] = false;
        Slot(slot).SetDataLinkActive(false);
        Slot(slot).SetPresence(false);
    }

    public Instant? NextDeadline => _cards.Aggregate((Instant?)null, (next, card) => Instant.Earliest(next, card?.NextDeadline));

    public void Reset(Instant now) => Assert.Fail("the link above is never reset here");

    public bool Poll(Instant now)
    {
        var busy = false;
        for (var i = 0; i < _ports.Length; i++)
        {
            busy |= _lit[i] && _cards[i]!.Poll(now);
            var on = Slot(i).PowerOn && _cards[i] is not null && !DeadLinks;
            if (on != _lit[i])
            {
                _lit[i] = on;
                Slot(i).SetDataLinkActive(on);
                _cards[i]?.Reset(now);
                if (!on && _withdrawn[i] && _cards[i] is not null)
                {
                    Pull(i);
                }
            }

            while (_lit[i] && _cards[i]!.TryTake(now, _buffer, out var length))
            {
                _up.Enqueue(_buffer[..length]);
            }

            if (_ports[i].TryTakeInterrupt(out var address, out var data))
            {
                var length = new MemoryWrite(_ports[i].Rid, address).Write(_buffer, BitConverter.GetBytes(data));
                _up.Enqueue(_buffer[..length]);
            }
        }

        return busy;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        Poll(now);
        length = 0;
        if (!_up.TryDequeue(out var tlp))
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
        if (view.IsConfig)
        {
            OnConfig(tlp, view, now);
        }
        else if (view.IsCompletion)
        {
            for (var i = 0; i < _ports.Length; i++)
            {
                if (_lit[i] && _ports[i].ContainsBus(view.Requester.Bus))
                {
                    _cards[i]!.TryAccept(tlp, now);
                }
            }
        }
        else
        {
            OnMemory(tlp, view, now);
        }

        return true;
    }

    private static BridgePortConfig Port(PortType type, int? slot) => new(new BridgePortDescription
    {
        PortType = type,
        VendorId = 0x104C,
        DeviceId = 0x8232,
        PortNumber = (byte)(slot ?? 0),
        SlotNumber = slot,
    });

    private void OnMemory(ReadOnlySpan<byte> tlp, in TlpView view, Instant now)
    {
        for (var i = 0; i < _ports.Length; i++)
        {
            if (_lit[i] && _upstream.MemorySpaceEnable && _upstream.TryMatchMemory(view.FirstByteAddress, view.ByteLength)
                && _ports[i].MemorySpaceEnable && _ports[i].TryMatchMemory(view.FirstByteAddress, view.ByteLength))
            {
                _cards[i]!.TryAccept(tlp, now);
                return;
            }
        }

        if (view.Kind == TlpKind.MemoryRead)
        {
            Refuse(view, CompletionStatus.UnsupportedRequest);
        }
    }

    private void OnConfig(ReadOnlySpan<byte> tlp, in TlpView view, Instant now)
    {
        var target = view.ConfigTarget;
        if (view.Kind is TlpKind.ConfigRead0 or TlpKind.ConfigWrite0)
        {
            Answer(target.Device == 0 && target.Function == 0 ? _upstream : null, view);
        }
        else if (target.Bus == _upstream.SecondaryBus)
        {
            Answer(target.Device < _ports.Length && target.Function == 0 ? _ports[target.Device] : null, view);
        }
        else
        {
            for (var i = 0; i < _ports.Length; i++)
            {
                if (target.Bus == _ports[i].SecondaryBus && _lit[i])
                {
                    var type0 = tlp.ToArray();
                    type0[0] &= 0xFE;
                    _cards[i]!.TryAccept(type0, now);
                    return;
                }
            }

            Refuse(view, CompletionStatus.UnsupportedRequest);
        }
    }

    private void Answer(BridgePortConfig? port, in TlpView view)
    {
        if (port is null)
        {
            Refuse(view, CompletionStatus.UnsupportedRequest);
            return;
        }

        if (view.Kind is TlpKind.ConfigWrite0 or TlpKind.ConfigWrite1)
        {
            port.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
            port.CaptureRid(view.ConfigTarget);
            Refuse(view, CompletionStatus.SuccessfulCompletion);
            return;
        }

        var into = new byte[TlpLimits.BytesMax];
        var length = new Completion(view.ConfigTarget, view.Requester, view.Tag, CompletionStatus.SuccessfulCompletion)
            .Write(into, BitConverter.GetBytes(port.Read(view.ConfigRegister)));
        _up.Enqueue(into[..length]);
    }

    private void Refuse(in TlpView view, CompletionStatus status)
    {
        var into = new byte[TlpLimits.BytesMax];
        _up.Enqueue(into[..Completion.To(view, _upstream.Rid, status).Write(into)]);
    }
}
