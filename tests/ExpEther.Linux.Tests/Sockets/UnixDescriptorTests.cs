using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Tests.Sockets;

public sealed class UnixDescriptorTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-rights-");
    private readonly UnixListener _listener;
    private readonly UnixConnection _client;
    private readonly UnixConnection _server;
    private readonly ReceivedDescriptors _received = new();
    private readonly byte[] _buffer = new byte[64];

    public UnixDescriptorTests()
    {
        var path = Path.Combine(_directory.FullName, "rights.sock");
        _listener = new UnixListener(path);
        _client = UnixConnection.Connect(path);
        Assert.True(_listener.TryAccept(out var server));
        _server = server;
    }

    public void Dispose()
    {
        _received.Dispose();
        _client.Dispose();
        _server.Dispose();
        _listener.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void A_descriptor_comes_with_the_send_that_brought_it_and_is_the_same_event()
    {
        using var wake = new EventFd();
        Assert.Equal(StreamStatus.Moved, _client.TrySend("one"u8, out _));
        Assert.Equal(StreamStatus.Moved, _client.TrySend("two"u8, [wake.FileDescriptor], out _));
        Assert.Equal(StreamStatus.Moved, _client.TrySend("three"u8, out _));

        Assert.Equal(StreamStatus.Moved, _server.TryReceive(_buffer, _received, out var bytes));
        Assert.Equal("onetwo"u8.ToArray(), _buffer[..bytes]);
        Assert.Equal(1, _received.Count);
        using (var theirs = new EventFd(_received.Take(0)))
        {
            theirs.Set();
        }

        Assert.True(wake.Clear());
        _received.CloseAll();
        Assert.Equal(StreamStatus.Moved, _server.TryReceive(_buffer, _received, out bytes));
        Assert.Equal("three"u8.ToArray(), _buffer[..bytes]);
        Assert.Equal(0, _received.Count);
    }

    [Fact]
    public void More_descriptors_than_fit_end_the_stream_and_none_stays_open()
    {
        // A connection's far end is gone only when every copy of its descriptor is closed.
        var path = Path.Combine(_directory.FullName, "copied.sock");
        using var listener = new UnixListener(path);
        using var near = UnixConnection.Connect(path);
        Assert.True(listener.TryAccept(out var copied));
        var sixteen = Enumerable.Repeat(copied.FileDescriptor, LinuxLimits.ReceivedDescriptorsMax).ToArray();
        Assert.Equal(StreamStatus.Moved, _client.TrySend("x"u8, sixteen, out _));
        Assert.Equal(StreamStatus.Moved, _client.TrySend("y"u8, sixteen, out _));
        copied.Dispose();

        Assert.Equal(StreamStatus.Moved, _server.TryReceive(_buffer, _received, out _));
        Assert.Equal(16, _received.Count);
        Assert.False(near.IsPeerGone);
        Assert.Equal(StreamStatus.Closed, _server.TryReceive(_buffer, _received, out _));
        Assert.Equal(0, _received.Count);
        Assert.True(near.IsPeerGone);
    }

    [Fact]
    public void A_peer_that_left_is_seen_before_its_bytes_are_read()
    {
        Assert.Equal(StreamStatus.Moved, _client.TrySend("last words"u8, out _));
        Assert.False(_server.IsPeerGone);
        _client.Dispose();
        Assert.True(_server.IsPeerGone);
        Assert.Equal(StreamStatus.Moved, _server.TryReceive(_buffer, _received, out _));
    }

    [Fact]
    public void A_listener_gives_its_file_to_the_group_asked_for()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Skip("giving a file to another group takes root");
        }

        var path = Path.Combine(_directory.FullName, "group.sock");
        using var listener = new UnixListener(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite, owner: 4321, group: 1234);
        Assert.Equal("4321 1234 620", Stat(path));
    }

    private static string Stat(string path)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%u %g %a", path]) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return text;
    }
}
