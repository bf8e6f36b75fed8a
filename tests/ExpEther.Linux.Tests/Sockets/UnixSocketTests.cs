using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Tests.Sockets;

public sealed class UnixSocketTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-unix-");

    private string SocketPath => Path.Combine(_directory.FullName, "control.sock");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Bytes_go_both_ways_and_a_closed_peer_is_told()
    {
        using var listener = new UnixListener(SocketPath);
        var poller = new Poller();
        poller.Add(listener.FileDescriptor, PollEvents.Readable);
        Assert.False(listener.TryAccept(out _));

        using var client = UnixConnection.Connect(SocketPath);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        Assert.True(listener.TryAccept(out var server));
        var buffer = new byte[16];
        Assert.Equal(StreamStatus.WouldBlock, server.TryReceive(buffer, out _));

        Assert.Equal(StreamStatus.Moved, client.TrySend("hello"u8, out var sent));
        Assert.Equal(5, sent);
        Assert.Equal(StreamStatus.Moved, server.TryReceive(buffer, out var received));
        Assert.Equal("hello"u8.ToArray(), buffer[..received]);
        Assert.Equal(StreamStatus.Moved, server.TrySend("yes"u8, out _));
        Assert.Equal(StreamStatus.Moved, client.TryReceive(buffer, out received));
        Assert.Equal("yes"u8.ToArray(), buffer[..received]);

        server.Dispose();
        Assert.Equal(StreamStatus.Closed, client.TryReceive(buffer, out _));
        Assert.Equal(StreamStatus.Closed, client.TrySend("gone?"u8, out _));
    }

    [Fact]
    public void A_full_connection_takes_no_more_and_loses_nothing()
    {
        using var listener = new UnixListener(SocketPath);
        using var client = UnixConnection.Connect(SocketPath);
        Assert.True(listener.TryAccept(out var server));
        var chunk = new byte[10_000];
        long sentTotal = 0;
        while (client.TrySend(chunk, out var sent) == StreamStatus.Moved)
        {
            sentTotal += sent;
        }

        Assert.True(sentTotal > 0);
        long receivedTotal = 0;
        while (server.TryReceive(chunk, out var received) == StreamStatus.Moved)
        {
            receivedTotal += received;
        }

        Assert.Equal(sentTotal, receivedTotal);
        server.Dispose();
    }

    [Fact]
    public void The_peer_is_known_by_process_and_user()
    {
        using var listener = new UnixListener(SocketPath);
        using var client = UnixConnection.Connect(SocketPath);
        Assert.True(listener.TryAccept(out var server));
        Assert.Equal(Environment.ProcessId, server.Peer.ProcessId);
        Assert.Equal(client.Peer.UserId, server.Peer.UserId);
        server.Dispose();
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    public void The_file_has_the_mode_asked_for_and_goes_with_the_listener(UnixFileMode mode)
    {
        using (new UnixListener(SocketPath, mode))
        {
            Assert.Equal(mode, File.GetUnixFileMode(SocketPath));
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void The_file_of_a_listener_that_died_is_replaced()
    {
        // A socket that is bound and closed without unlink is what a killed process leaves.
        using (var dead = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(SocketPath + ".dead"));
            File.Move(SocketPath + ".dead", SocketPath);
        }

        Assert.True(File.Exists(SocketPath));
        using var listener = new UnixListener(SocketPath);
        using var client = UnixConnection.Connect(SocketPath);
        Assert.True(listener.TryAccept(out var server));
        server.Dispose();
    }

    [Fact]
    public void A_live_listener_is_not_pushed_aside_and_is_named()
    {
        using var listener = new UnixListener(SocketPath);
        var refused = Assert.Throws<LinuxException>(() => new UnixListener(SocketPath));
        Assert.Equal(Errno.EADDRINUSE, refused.Error);
        Assert.Contains("this same process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_file_in_the_way_is_kept()
    {
        File.WriteAllText(SocketPath, "precious");
        Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => new UnixListener(SocketPath)).Error);
        Assert.Equal("precious", File.ReadAllText(SocketPath));
    }

    [Fact]
    public void Nobody_there_is_told_apart_from_nothing_there()
    {
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => UnixConnection.Connect(SocketPath)).Error);
        Assert.Throws<ArgumentException>(() => UnixConnection.Connect(new string('x', 200)));
    }
}
