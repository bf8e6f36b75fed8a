using System.Diagnostics;
using System.Net.Sockets;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Linux.Accounts;

namespace ExpEther.Daemon.Tests.Control;

public sealed class ControlTrustTests : IDisposable
{
    /// <summary>nobody's, on every Linux.</summary>
    private const uint Other = 65534;

    private readonly Scratch _scratch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_folder_into_which_others_may_write_is_not_looked_into()
    {
        var folder = Directory.CreateDirectory(_scratch.File("expether-me")).FullName;
        Assert.Null(ControlTrust.FaultOfFolder(folder));

        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite);
        Assert.Contains("others may write", ControlTrust.FaultOfFolder(folder), StringComparison.Ordinal);

        File.CreateSymbolicLink(_scratch.File("link"), folder);
        Assert.Contains("symbolic link", ControlTrust.FaultOfFolder(_scratch.File("link")), StringComparison.Ordinal);
    }

    /// <summary>As /tmp: what is in it can be replaced by its owner only.</summary>
    [Fact]
    public void A_folder_of_everybody_is_trusted_only_if_each_may_remove_his_own_files_alone()
    {
        const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
        var folder = Directory.CreateDirectory(_scratch.File("everybody")).FullName;
        var file = Path.Combine(folder, "io.sock");
        File.WriteAllText(file, "");

        File.SetUnixFileMode(folder, Everybody | UnixFileMode.StickyBit);
        ControlTrust.CheckFile(file);

        File.SetUnixFileMode(folder, Everybody);
        Assert.Equal(ControlErrorCode.NotTrusted, Assert.Throws<ControlException>(() => ControlTrust.CheckFile(file)).Error.Code);
    }

    [Fact]
    public void A_folder_of_another_user_is_not_looked_into()
    {
        OnlyRoot();
        var folder = Directory.CreateDirectory(_scratch.File("expether-root")).FullName;
        FileOwner.Change(folder, Other, null);

        Assert.Contains("belongs to user 65534", ControlTrust.FaultOfFolder(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("socket")]
    [InlineData("folder")]
    public async Task A_socket_of_another_user_is_refused_with_a_remedy(string whose)
    {
        OnlyRoot();
        using var served = new ServedCommands();
        FileOwner.Change(whose == "socket" ? served.SocketPath : Path.GetDirectoryName(served.SocketPath)!, Other, null);

        var error = (await Assert.ThrowsAsync<ControlException>(served.ConnectAsync)).Error;

        Assert.Equal(ControlErrorCode.NotTrusted, error.Code);
        Assert.Contains("belongs to user 65534", error.Message, StringComparison.Ordinal);
        Assert.Contains("sudo -u '#65534'", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_of_another_user_is_refused_though_the_file_is_ours()
    {
        OnlyRoot();
        var path = Path.Combine(Directory.CreateDirectory(_scratch.File("open")).FullName, "io.sock");
        FileOwner.Change(Path.GetDirectoryName(path)!, Other, null);
        FileOwner.Change(_scratch.Folder, Other, null);
        using var other = Process.Start(new ProcessStartInfo("perl", ["-MSocket", "-e", $$"""
            $) = "{{Other}} {{Other}}"; $> = {{Other}}; $| = 1;
            socket(S, AF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un('{{path}}')) && listen(S, 5) || die $!;
            print "ready\n"; <STDIN>;
            """])
        { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("ready", await other.StandardOutput.ReadLineAsync(Cancel));
        FileOwner.Change(path, 0, null);
        FileOwner.Change(Path.GetDirectoryName(path)!, 0, null);

        var error = (await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync(path, Cancel))).Error;
        other.StandardInput.Close();
        await other.WaitForExitAsync(Cancel);

        Assert.Equal(ControlErrorCode.NotTrusted, error.Code);
        Assert.Contains($"process {other.Id} of user 65534 listens there", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_in_a_folder_where_everybody_may_put_one_is_refused()
    {
        var folder = Directory.CreateDirectory(_scratch.File("all")).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "io.sock")));
        listener.Listen(1);

        var error = (await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync(Path.Combine(folder, "io.sock"), Cancel))).Error;

        Assert.Equal(ControlErrorCode.NotTrusted, error.Code);
        Assert.Contains($"chmod o-w {folder}", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_counter_page_of_another_user_is_refused_with_a_remedy()
    {
        OnlyRoot();
        FileOwner.Change(_scratch.Write("io.counters", "no page"), Other, null);

        var error = Assert.Throws<ControlException>(() => CounterLocator.ReadOf(_scratch.File("io.sock"))).Error;

        Assert.Equal(ControlErrorCode.NotTrusted, error.Code);
        Assert.Contains("sudo -u", error.Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private static void OnlyRoot()
    {
        if (PathOwner.OurUserId != 0)
        {
            Assert.Skip("giving a file to another user takes root");
        }
    }
}
