using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Ports;

/// <summary>A frame port on a real network: something to sleep on, to count and to look after.</summary>
public interface INetworkPort : IFramePort, IDisposable
{
    /// <summary>What it is bound to, as the user named it: an interface or an endpoint.</summary>
    string Name { get; }

    /// <summary>Poll it for Readable while waiting for a frame, for Writable too while <see cref="IFramePort.TrySend"/> says false.</summary>
    int PollFileDescriptor { get; }

    PortCounters Counters { get; }

    /// <summary>False from when the interface was seen to be down or gone, until it is seen up again.</summary>
    bool IsUp { get; }

    /// <summary>Receives for other addresses and VLANs from now on; frames of those that stay are not lost.</summary>
    /// <param name="macs">The local addresses, at least one.</param>
    /// <param name="vlans">Which VLANs; empty: all.</param>
    /// <exception cref="PortException">It cannot; all is as it was.</exception>
    void ChangeReception(IReadOnlyCollection<MacAddress> macs, IReadOnlyCollection<VlanId> vlans);

    /// <summary>
    /// Looks at the interface and the kernel's drop counts, and clears a pending error. Call it when poll says Error and about once a
    /// second; never needed per frame.
    /// </summary>
    /// <returns>True when <see cref="IsUp"/> changed.</returns>
    bool Refresh();
}
