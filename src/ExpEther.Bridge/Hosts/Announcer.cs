using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;

namespace ExpEther.Bridge.Hosts;

/// <summary>Broadcasts "I am here" into the VLAN, at once and then every interval; I/O boxes that know this host open a link to it.</summary>
internal sealed class Announcer(HostBridgeOptions options)
{
    private readonly Announcement _announcement =
        new(options.Mac, options.Vlan, options.Name, LinkFeatures.SelectiveAck | LinkFeatures.Hints, options.Slots, options.Sealed)
        {
            Incarnation = (uint)options.Incarnation,
        };

    public Instant NextAt { get; private set; }

    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        written = 0;
        if (now < NextAt)
        {
            return false;
        }

        NextAt = now + options.AnnounceInterval;
        written = _announcement.Write(into, options.EtherType);
        return true;
    }
}
