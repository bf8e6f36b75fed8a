using ExpEther.Ethernet.Frames;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;

namespace ExpEther.Ethernet.Tests.Lab;

/// <summary>Frames to send, and waiting for those that come.</summary>
internal static class TestFrames
{
    public static readonly MacAddress MacA = new(0x02_00_00_00_00_0A);
    public static readonly MacAddress MacB = new(0x02_00_00_00_00_0B);
    public static readonly MacAddress MacC = new(0x02_00_00_00_00_0C);
    public static readonly VlanId Vlan10 = new(10);
    public static readonly VlanId Vlan20 = new(20);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static byte[] Make(
        MacAddress destination, MacAddress source, VlanId vlan, ReadOnlySpan<byte> payload, ushort etherType = EthernetHeader.ExpEtherType)
    {
        Span<byte> header = stackalloc byte[EthernetHeader.TaggedBytes];
        var bytes = EthernetHeader.Write(header, destination, source, vlan, etherType);
        return [.. header[..bytes], .. payload];
    }

    /// <summary>A payload whose every byte depends on its place.</summary>
    public static byte[] Payload(int bytes, int seed = 1)
    {
        var payload = new byte[bytes];
        new SeededRandom((ulong)seed).Fill(payload);
        return payload;
    }

    /// <summary>The next frame of a port, copied; waits for it in poll as an owner does. Null: none came.</summary>
    public static TestFrame? Next(INetworkPort port, TimeSpan? patience = null)
    {
        var poller = new Poller();
        poller.Add(port.PollFileDescriptor, PollEvents.Readable);
        do
        {
            if (TryTake(port) is { } frame)
            {
                return frame;
            }
        }
        while (poller.Wait(patience ?? Patience) > 0);
        return TryTake(port);
    }

    public static TestFrame? TryTake(IFramePort port)
    {
        if (!port.TryReceive(out var frame))
        {
            return null;
        }

        var copy = new TestFrame(frame.Destination, frame.Source, frame.Vlan, frame.Payload.ToArray());
        port.Release();
        return copy;
    }
}
