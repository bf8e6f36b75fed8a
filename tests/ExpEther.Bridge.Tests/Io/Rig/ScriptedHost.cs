using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>The other end of a production link, played by the test: it says what a host bridge would say and keeps what it is told.</summary>
internal sealed class ScriptedHost : ILinkConsumer
{
    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];

    public ScriptedHost(string name, VlanId vlan, MacAddress mac, MacAddress box, byte[] key, int mtuBytes, ulong seed, IEventSink events)
    {
        Name = name;
        Vlan = vlan;
        Mac = mac;
        Link = new EtherLink(
            new LinkOptions
            {
                Local = mac, Peer = box, Vlan = vlan, Role = LinkRole.Responder,
                PreSharedKey = key.Length > 0 ? PairKey.Derive(key, box) : [], LocalName = name, MtuBytes = mtuBytes,
            },
            this, new SeededRandom(seed), events);
    }

    public string Name { get; }

    public VlanId Vlan { get; }

    public MacAddress Mac { get; }

    public EtherLink Link { get; }

    public List<ReceivedTlp> Tlps { get; } = [];

    public List<byte[]> Controls { get; } = [];

    /// <summary>Frames of this host are lost, both ways, while set.</summary>
    public bool IsCut { get; set; }

    /// <summary>Answers PressAttention with PoweredOff, and Present with Plugged, as a willing host does.</summary>
    public bool IsWilling { get; set; } = true;

    /// <summary>Why it takes no function; null: it takes them.</summary>
    public RefusalReason? Refuses { get; set; }

    /// <summary>VF_H that it gives to functions.</summary>
    public Rid VfH { get; set; } = new(5, 0, 0);

    /// <summary>Host_H that it uses.</summary>
    public Rid HostH { get; set; } = new(0, 0, 0);

    public PresentMessage LastPresent { get; private set; }

    public int Presents { get; private set; }

    public int Withdrawals { get; private set; }

    public int Presses { get; private set; }

    public bool IsUp => Link.State == LinkState.Up;

    /// <summary>Counts TLPs and does not keep them.</summary>
    public bool OnlyCounts { get; set; }

    public int Counted { get; private set; }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        Counted++;
        if (!OnlyCounts)
        {
            Tlps.Add(new ReceivedTlp(function, generation, tlp.ToArray()));
        }
    }

    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
    {
        Controls.Add(message.ToArray());
        if (PresentMessage.TryParse(message, out var present))
        {
            Presents++;
            LastPresent = present;
            if (Refuses is { } reason)
            {
                Say(new RefusedMessage(present.Function, present.Generation, reason).Write(_scratch));
            }
            else if (IsWilling)
            {
                Say(new PluggedMessage(present.Function, present.Generation, 1, HostH, VfH).Write(_scratch));
            }
        }
        else if (PressAttentionMessage.TryParse(message, out var press))
        {
            Presses++;
            if (IsWilling)
            {
                Say(new PoweredOffMessage(press.Function, press.Generation).Write(_scratch));
            }
        }
        else if (WithdrawMessage.TryParse(message, out _))
        {
            Withdrawals++;
        }
    }

    public void OnUp(EtherLink link, Instant now)
    {
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
    {
    }

    public void SayKeeps(string function) => Say(new KeepsMessage(function).Write(_scratch));

    /// <summary>Says that the function last presented here follows a guest; all zeros: it does so no more.</summary>
    public void SayFollows(Guid guest) => SayFollows(LastPresent.Function, LastPresent.Generation, guest);

    public void SayFollows(ushort function, ulong generation, Guid guest) => Say(new FollowsMessage(function, generation, guest).Write(_scratch));

    public void SayGuestHere(Guid guest) => Say(new GuestHereMessage(guest).Write(_scratch));

    public void SayPoweredOff(ushort function, ulong generation) => Say(new PoweredOffMessage(function, generation).Write(_scratch));

    /// <summary>Sends a TLP under the last presented generation.</summary>
    public void Send(ReadOnlySpan<byte> tlp) => Send(LastPresent.Function, LastPresent.Generation, tlp);

    public void Send(ushort function, ulong generation, ReadOnlySpan<byte> tlp)
    {
        Assert.True(TlpView.TryParse(tlp, out var view) == TlpError.None);
        Assert.True(Link.TrySendTlp(function, generation, view.Class, tlp));
    }

    public void ConfigWrite(int register, uint value, int enables = 0xF, byte tag = 0xC0)
    {
        var length = new ConfigWrite(HostH, new Tag(tag), VfH, register, false, value, enables).Write(_scratch);
        Send(_scratch.AsSpan(0, length));
    }

    public void ConfigRead(int register, byte tag = 0xC1)
    {
        var length = new ConfigRead(HostH, new Tag(tag), VfH, register, false).Write(_scratch);
        Send(_scratch.AsSpan(0, length));
    }

    public void Read(ulong address, int bytes, ushort tag = 1)
    {
        var length = new MemoryRead(HostH, new Tag(tag), address, bytes).Write(_scratch);
        Send(_scratch.AsSpan(0, length));
    }

    public void Write(ulong address, ReadOnlySpan<byte> data, TlpAttributes attributes = TlpAttributes.None)
    {
        var length = new MemoryWrite(HostH, address, attributes).Write(_scratch, data);
        Send(_scratch.AsSpan(0, length));
    }

    private void Say(int length) => Assert.True(Link.TrySendControl(_scratch.AsSpan(0, length)));
}
