using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.VfioUser;

/// <summary>One device's vfio-user socket: listens, and serves one client at a time.</summary>
public sealed class VfioUserServer : IDisposable
{
    public VfioUserServer(VfioUserServerOptions options, IVfioUserDevice device, IEventSink events) => throw new NotSupportedException();

    /// <summary>The client's memory: mapped ranges as spans; <see cref="Asked"/> for those that came without a descriptor. Empty without a client.</summary>
    public IHostMemory Memory => throw new NotSupportedException();

    public IAskedMemory Asked => throw new NotSupportedException();

    /// <summary>A client has negotiated its version and is served.</summary>
    public bool IsConnected => throw new NotSupportedException();

    public Instant? NextDeadline => throw new NotSupportedException();

    /// <summary>To wake for: the listener's and the client's; they stay the same for the server's life.</summary>
    public int PollFileDescriptor => throw new NotSupportedException();

    public VfioUserCounters Counters => throw new NotSupportedException();

    /// <summary>Takes what has come in, sends what waits. Never blocks.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now) => throw new NotSupportedException();

    public void CompleteRead(ulong token, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    public void CompleteWrite(ulong token, bool isDone) => throw new NotSupportedException();

    /// <summary>Writes to the client's memory by DMA_WRITE whatever is mapped: how an interrupt message reaches the client's interrupt controller.</summary>
    /// <returns>False: no client, or it takes nothing any more.</returns>
    public bool TryWriteMessage(HostAddress address, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    /// <summary>Ends the connection; the device is told.</summary>
    public void Disconnect(string reason) => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}
