using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>What comes from hosts, whoever they are.</summary>
internal interface ISessionEvents
{
    void OnTlp(HostSession session, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now);

    void OnControl(HostSession session, in ControlHeader header, ReadOnlySpan<byte> message, Instant now);

    void OnUp(HostSession session, Instant now);

    void OnDown(HostSession session, LinkDownReason reason, Instant now);
}
