using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Loop;

/// <summary>Sees the frames of a port, for a capture. Called on the owner's thread: it copies what it wants, never waits, never throws.</summary>
public interface IFrameTap
{
    /// <summary>A frame that has come in, its tag taken off.</summary>
    void OnReceived(in ReceivedFrame frame);

    /// <summary>A whole frame that the port has taken.</summary>
    void OnSent(ReadOnlySpan<byte> frame);
}
