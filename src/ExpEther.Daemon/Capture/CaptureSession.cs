using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Loop;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Link.Wire;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Capture;

/// <summary>
/// One capture while it runs: the taps write blocks into a bounded buffer, the <c>capture</c> command sends them to its client. Both on
/// the owner's thread. What finds no room is dropped and counted; a client that reads slowly loses packets, never time of the daemon.
/// </summary>
internal sealed class CaptureSession : ITlpTap, IFrameTap
{
    private const uint Inbound = 1;
    private const uint Outbound = 2;

    private readonly CaptureBuffer _buffer = new(CaptureLimits.ChunksMax, CaptureLimits.ChunkBytes);
    private readonly CaptureFilter _filter;
    private readonly ushort _etherType;
    private readonly OwnerSignal _wake;
    private readonly long _epochNanoseconds;
    private readonly long[] _captured = new long[3];
    private readonly long[] _dropped = new long[3];
    private int _fullSeen;

    /// <param name="filter">What to keep.</param>
    /// <param name="etherType">Of received frames, which come without one.</param>
    /// <param name="wake">Set when a piece is full.</param>
    public CaptureSession(CaptureFilter filter, ushort etherType, OwnerSignal wake)
    {
        _filter = filter;
        _etherType = etherType;
        _wake = wake;
        _epochNanoseconds = ((DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick) - MonotonicClock.Now.Nanoseconds;
    }

    /// <summary>Asked to end: what is in the buffer is still sent.</summary>
    public bool IsStopping { get; private set; }

    public CaptureBuffer Buffer => _buffer;

    /// <summary>Nanoseconds since 1970, by a clock that does not jump.</summary>
    public long Now => _epochNanoseconds + MonotonicClock.Now.Nanoseconds;

    public long Captured(CaptureInterface i) => _captured[(int)i];

    public long Dropped(CaptureInterface i) => _dropped[(int)i];

    public void Stop()
    {
        IsStopping = true;
        _wake.Set();
    }

    public void OnTlp(in TlpPassage passage, ReadOnlySpan<byte> tlp)
    {
        if (!_filter.TakesTlp(passage, tlp))
        {
            return;
        }

        var i = passage.Point == TlpTapPoint.HostSide ? CaptureInterface.HostSide : CaptureInterface.DeviceSide;
        if (Begin(i, TapLayout.Bytes + tlp.Length, 0, out var into))
        {
            TapLayout.Write(into, passage);
            tlp.CopyTo(into[TapLayout.Bytes..]);
        }
    }

    public void OnReceived(in ReceivedFrame frame)
    {
        if (!_filter.TakesFrame(frame.Destination, frame.Source))
        {
            return;
        }

        var header = EthernetHeader.Bytes(frame.Vlan);
        if (Begin(CaptureInterface.Frames, header + frame.Payload.Length, Inbound, out var into))
        {
            EthernetHeader.Write(into, frame.Destination, frame.Source, frame.Vlan, _etherType);
            frame.Payload[..(into.Length - header)].CopyTo(into[header..]);
        }
    }

    public void OnSent(ReadOnlySpan<byte> frame)
    {
        if (_filter.TakesFrame(MacAddress.Read(frame), MacAddress.Read(frame[MacAddress.Bytes..]))
            && Begin(CaptureInterface.Frames, frame.Length, Outbound, out var into))
        {
            frame[..into.Length].CopyTo(into);
        }
    }

    private bool Begin(CaptureInterface i, int bytes, uint flags, out Span<byte> into)
    {
        var kept = Math.Min(bytes, CaptureLimits.PacketBytesMax);
        if (!_buffer.TryReserve(Pcapng.PacketBytes(kept, flags != 0), out var block))
        {
            _dropped[(int)i]++;
            into = default;
            return false;
        }

        into = Pcapng.BeginPacket(block, (int)i, Now, kept, bytes, flags);
        _captured[(int)i]++;
        if (_buffer.FullChunks != _fullSeen)
        {
            _fullSeen = _buffer.FullChunks;
            _wake.Set();
        }

        return true;
    }
}
