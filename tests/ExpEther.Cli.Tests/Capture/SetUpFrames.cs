using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Cli.Tests.Capture;

/// <summary>The frames with which two unsealed links come up, as they are on the wire.</summary>
internal static class SetUpFrames
{
    public static List<byte[]> Exchange(int mtuBytes)
    {
        var (box, host) = (new MacAddress(0x02_00_00_00_00_01), new MacAddress(0x02_00_00_00_00_02));
        using var initiator = Make(box, host, LinkRole.Initiator, "box", mtuBytes);
        using var responder = Make(host, box, LinkRole.Responder, "host", mtuBytes);
        var (frames, now) = (new List<byte[]>(), new Instant(1_000_000_000));
        initiator.Open(now);
        responder.Open(now);
        while (Pass(initiator, responder, frames, now) | Pass(responder, initiator, frames, now))
        {
        }

        Assert.Equal((LinkState.Up, LinkState.Up), (initiator.State, responder.State));
        return frames;
    }

    private static bool Pass(EtherLink from, EtherLink to, List<byte[]> frames, Instant now)
    {
        var room = new byte[from.Options.MtuBytes + 18];
        if (!from.TryTakeFrame(now, room, out var written))
        {
            return false;
        }

        frames.Add(room[..written]);
        to.OnFrame(new ReceivedFrame(to.Options.Local, from.Options.Local, to.Options.Vlan, room.AsSpan(18, written - 18)), now);
        return true;
    }

    private static EtherLink Make(MacAddress local, MacAddress peer, LinkRole role, string name, int mtuBytes) => new(
        new LinkOptions
        {
            Local = local, Peer = peer, Vlan = new VlanId(10), Role = role, Sealed = false, LocalName = name, MtuBytes = mtuBytes,
        },
        new Nobody(), new SeededRandom(1), new Nobody());

    private sealed class Nobody : ILinkConsumer, IEventSink
    {
        public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
        {
        }

        public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
        {
        }

        public void OnHint(EtherLink link, ReadOnlySpan<byte> hint, Instant now)
        {
        }

        public void OnUp(EtherLink link, Instant now)
        {
        }

        public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
        {
        }

        public void Report(EventSeverity severity, string source, string text)
        {
        }
    }
}
