using ExpEther.Bridge.Io;
using ExpEther.Core.Time;
using ExpEther.Daemon.Loop;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Io;

/// <summary>An I/O bridge as a part of an owner loop.</summary>
internal sealed class IoUnit(IoBridge bridge) : IOwnedPart
{
    public MacAddress Mac => bridge.Options.Mac;

    public Instant? NextDeadline => bridge.NextDeadline;

    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now) => bridge.OnFrame(frame, now);

    public bool TryTakeFrame(Instant now, Span<byte> into, out int written) => bridge.TryTakeFrame(now, into, out written);

    public bool Poll(Instant now) => bridge.Poll(now);

    public void Close(Instant now) => bridge.Close(now);
}
