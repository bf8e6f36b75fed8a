using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Tests.Network;

/// <summary>Two links and a seeded network between them, run in virtual time.</summary>
public sealed class LinkPair
{
    public static readonly MacAddress InitiatorMac = new(0x02_00_00_00_00_01);
    public static readonly MacAddress ResponderMac = new(0x02_00_00_00_00_02);
    public static readonly VlanId Vlan = new(10);
    public static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    private readonly ulong _seed;
    private readonly Func<LinkOptions, LinkOptions> _adjust;
    private ulong _restarts;

    public LinkPair(ulong seed, NetworkFaults faults, bool isSealed = true, Func<LinkOptions, LinkOptions>? adjust = null)
    {
        _seed = seed;
        _adjust = adjust ?? (o => o);
        IsSealed = isSealed;
        Network = new SeededNetwork(seed, faults);
        Initiator = Make(LinkRole.Initiator);
        Responder = Make(LinkRole.Responder);
    }

    public bool IsSealed { get; }

    /// <summary>What both ends have drawn that may be the private half of a key.</summary>
    public List<byte[]> Scalars { get; } = [];

    public SeededNetwork Network { get; }

    public LinkEnd Initiator { get; private set; }

    public LinkEnd Responder { get; private set; }

    public Instant Now { get; private set; } = new(1_000_000_000);

    public bool BothUp => Initiator.Link.State == LinkState.Up && Responder.Link.State == LinkState.Up;

    public void Open()
    {
        Responder.Link.Open(Now);
        Initiator.Link.Open(Now);
    }

    /// <summary>Opens both ends and runs until both are up.</summary>
    public LinkPair Up()
    {
        Open();
        Assert.True(RunUntil(() => BothUp, TimeSpan.FromSeconds(30)), "the link did not come up");
        return this;
    }

    /// <summary>The process behind one end dies without a word and starts anew.</summary>
    public void Restart(LinkRole role)
    {
        _restarts++;
        if (role == LinkRole.Initiator)
        {
            Initiator = Make(role);
            Initiator.Link.Open(Now);
        }
        else
        {
            Responder = Make(role);
            Responder.Link.Open(Now);
        }
    }

    public void Run(TimeSpan time) => RunUntil(() => false, time);

    /// <summary>Runs until the condition holds or the time is over.</summary>
    /// <returns>Whether it holds.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan time)
    {
        var end = Now + time;
        while (true)
        {
            while (Network.TryDeliver(Now, Station))
            {
            }

            Initiator.Turn(Network, Now);
            Responder.Turn(Network, Now);
            if (condition())
            {
                return true;
            }

            var next = Instant.Earliest(Network.NextDeadline, Instant.Earliest(Initiator.Link.NextDeadline, Responder.Link.NextDeadline));
            if (next is null || next > end)
            {
                Now = end;
                return false;
            }

            // At least a microsecond, so that a link that is never content shows as a run that ends, not as one that hangs.
            Now = next.Value > Now ? next.Value : Now + TimeSpan.FromMicroseconds(1);
        }
    }

    private SeededNetwork.Deliver? Station(MacAddress mac) =>
        mac == InitiatorMac ? Initiator.Link.OnFrame : mac == ResponderMac ? Responder.Link.OnFrame : null;

    public LinkOptions OptionsFor(LinkRole role) => _adjust(new LinkOptions
    {
        Local = role == LinkRole.Initiator ? InitiatorMac : ResponderMac,
        Peer = role == LinkRole.Initiator ? ResponderMac : InitiatorMac,
        Vlan = Vlan,
        Role = role,
        Sealed = IsSealed,
        PreSharedKey = IsSealed ? Key : [],
        LocalName = role == LinkRole.Initiator ? "box1" : "host1",
    });

    private LinkEnd Make(LinkRole role) => new(OptionsFor(role), new RecordingRandom((_seed * 31) + (ulong)role + (_restarts * 1_000_003), Scalars));
}
