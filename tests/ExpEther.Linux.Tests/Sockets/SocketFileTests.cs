using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Tests.Sockets;

/// <summary>What is removed where a socket is to be made: a left-over socket, and nothing else.</summary>
public sealed class SocketFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("expether-socket-file-").FullName;

    private string At => Path.Combine(_folder, "x.sock");

    [Fact]
    public void A_socket_on_which_nobody_listens_any_more_is_removed()
    {
        Leave(At);

        SocketFile.RemoveLeftOver(At);

        Assert.False(Path.Exists(At));
    }

    [Fact]
    public void Nothing_there_is_no_error() => SocketFile.RemoveLeftOver(At);

    [Theory]
    [InlineData("file")]
    [InlineData("empty file")]
    [InlineData("folder")]
    [InlineData("link to a file")]
    [InlineData("link to a left-over socket")]
    [InlineData("link to nothing")]
    public void Everything_else_is_left_alone(string what)
    {
        var other = Path.Combine(_folder, "other");
        switch (what)
        {
            case "file":
                File.WriteAllText(At, "work");
                break;
            case "empty file":
                File.WriteAllText(At, "");
                break;
            case "folder":
                Directory.CreateDirectory(At);
                break;
            case "link to a file":
                File.WriteAllText(other, "work");
                File.CreateSymbolicLink(At, other);
                break;
            case "link to a left-over socket":
                Leave(other);
                File.CreateSymbolicLink(At, other);
                break;
            default:
                File.CreateSymbolicLink(At, other);
                break;
        }

        var before = Directory.GetFileSystemEntries(_folder).Order();
        var refusal = Assert.Throws<LinuxException>(() => SocketFile.RemoveLeftOver(At));
        Assert.Throws<LinuxException>(() => new UnixListener(At));
        SocketFile.Remove(At);

        Assert.Equal(Errno.EEXIST, refusal.Error);
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder).Order());
    }

    [Fact]
    public void A_socket_on_which_a_process_listens_is_refused_with_its_number()
    {
        using var listener = new UnixListener(At);

        var refusal = Assert.Throws<LinuxException>(() => SocketFile.RemoveLeftOver(At));

        Assert.Equal(Errno.EADDRINUSE, refusal.Error);
        Assert.Contains($"process {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        Assert.True(Path.Exists(At));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Leave(string path)
    {
        using var dead = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
    }
}
