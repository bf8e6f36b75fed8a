using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;

namespace ExpEther.Bridge.Hosts;

/// <summary>The host's side of a logical switch: an upstream port and hot-plug slots above, links to I/O boxes below.</summary>
#pragma warning disable CA1822 // the shape others build on; what fills it follows
public sealed class HostBridge : ITlpPort
{
    public HostBridge(HostBridgeOptions options, IHostAttachment host, OwnerScheduler scheduler, IRandomSource random, IEventSink events)
    {
        Check.That(host is not null && scheduler is not null && random is not null && events is not null);
        Options = options;
    }

    public HostBridgeOptions Options { get; }

    /// <summary>When <see cref="Poll"/> has something to do by itself.</summary>
    public Instant? NextDeadline => null;

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => true;

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        return false;
    }

    /// <summary>A frame of the bridge's VLAN. One for another MAC or VLAN is dropped and counted.</summary>
    public void OnFrame(in ReceivedFrame frame, Instant now)
    {
    }

    /// <summary>The next frame to send: destination, source, 802.1Q tag, EtherType, payload.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        written = 0;
        return false;
    }

    /// <summary>Lets timers and waiting completions go on; to be called at every turn of the owner loop.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now) => false;

    public HostBridgeStatus Status() => new(Options.Name, Options.Mac, Options.Vlan, [], [], default);
}
