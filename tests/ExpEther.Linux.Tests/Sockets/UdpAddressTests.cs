using System.Net;
using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Tests.Sockets;

public class UdpAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:4791")]
    [InlineData("10.200.3.255:65535")]
    [InlineData("[::1]:1")]
    [InlineData("[2001:db8:1:2:3:4:5:6]:4791")]
    [InlineData("[fe80::1%3]:77")]
    public void An_endpoint_survives_its_forms(string text)
    {
        var endpoint = IPEndPoint.Parse(text);
        var address = UdpAddress.Of(endpoint);
        Assert.Equal(endpoint, address.ToEndPoint());
        address.Write(out var raw);
        Assert.Equal(address, UdpAddress.From(raw));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Datagrams_arrive_with_their_senders_address(string loopback)
    {
        if (loopback == "::1" && !System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            Assert.Skip("IPv6 is not on this machine");
        }

        using var one = new DatagramSocket(new IPEndPoint(IPAddress.Parse(loopback), 0));
        using var two = new DatagramSocket(new IPEndPoint(IPAddress.Parse(loopback), 0));
        Assert.Equal(SendStatus.Sent, one.TrySend("abc"u8, UdpAddress.Of(two.Local)));

        var poller = new Linux.Polling.Poller();
        poller.Add(two.FileDescriptor, Linux.Polling.PollEvents.Readable);
        Assert.Equal(1, poller.Wait(TimeSpan.FromSeconds(5)));
        var buffer = new byte[2];
        Assert.True(two.TryReceive(buffer, out var bytes, out var from));
        Assert.Equal(3, bytes);
        Assert.Equal("ab"u8.ToArray(), buffer);
        Assert.Equal(one.Local, from.ToEndPoint());
        Assert.False(two.TryReceive(buffer, out _, out _));
    }
}
