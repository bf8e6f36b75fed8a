namespace ExpEther.Link.Ethernet;

/// <summary>Something that carries Ethernet frames of one EtherType: a packet socket, a UDP socket, an in-memory switch. One owner, no locks.</summary>
public interface IFramePort
{
    /// <summary>The largest payload after the EtherType (and the tag), in bytes: an interface's MTU.</summary>
    int MtuBytes { get; }

    /// <summary>Takes the next frame that has come in. It is valid until <see cref="Release"/>, which must be called before the next one.</summary>
    bool TryReceive(out ReceivedFrame frame);

    /// <summary>
    /// Tells, before <see cref="Release"/>, how far the frame in hand was found to prove its sender. For ports that learn where peers are.
    /// </summary>
    void Confirm(FrameTrust trust)
    {
    }

    /// <summary>Gives the frame of the last successful <see cref="TryReceive"/> back.</summary>
    void Release();

    /// <summary>Sends a whole frame: destination, source, 802.1Q tag, EtherType, payload; no FCS.</summary>
    /// <returns>False: no room now; nothing was sent. A frame that the wire loses is not noticed here.</returns>
    bool TrySend(ReadOnlySpan<byte> frame);
}
