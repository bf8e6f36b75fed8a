using System.Net.Sockets;
using System.Text;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Tests.Control;

/// <summary>What a client makes of a server that answers with anything but the protocol.</summary>
public sealed class HostileDaemonTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("[]\n")]
    [InlineData("{\"id\":1,\"result\":{\"a\":\"\\ud800\"}}\n")]
    [InlineData("{\"id\":1,\"result\":{\"a\":1,\"a\":2}}\n")]
    [InlineData("{\"id\":1,\"result\":{\"a\":1e400}}\n")]
    [InlineData("{\"id\":1,\"data\":-5}\n")]
    [InlineData("{\"id\":1,\"data\":\"many\"}\n")]
    [InlineData("{\"id\":1,\"data\":99999999999}\n")]
    [InlineData("{\"id\":1,\"data\":5}\nabc")]
    [InlineData("{\"id\":99999999999999999999,\"result\":{}}\n")]
    [InlineData("{\"id\":{},\"result\":{}}\n")]
    [InlineData("{\"id\":1,\"res")]
    [InlineData("")]
    public async Task An_answer_that_is_none_is_an_error_in_words(string answer)
    {
        var error = await AskAsync(answer);

        Assert.Equal(ControlErrorCode.ConnectionLost, error.Error.Code);
        Assert.NotEmpty(error.Error.Remedy);
    }

    [Theory]
    [InlineData("{\"id\":1,\"error\":{}}\n", "")]
    [InlineData("{\"id\":1,\"error\":{\"code\":7,\"message\":[],\"remedy\":null}}\n", "")]
    [InlineData("{\"id\":null,\"error\":{\"code\":\"bad-request\"}}\n", "bad-request")]
    public async Task An_error_is_told_whatever_it_lacks(string answer, string code) => Assert.Equal(code, (await AskAsync(answer)).Error.Code);

    [Fact]
    public async Task An_upload_that_cannot_be_read_is_its_readers_error_and_not_the_daemons()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.CallAsync("sum", upload: new FailingStream(), cancel: Cancel));

        Assert.Equal("planted", failure.Message);
    }

    [Fact]
    public async Task A_callback_that_fails_is_its_callers_error_and_not_the_daemons()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        await Assert.ThrowsAsync<IOException>(() => client.CallAsync("pour", onData: _ => throw new IOException("disk full"), cancel: Cancel));
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<ControlException> AskAsync(string answer)
    {
        var path = _scratch.File("other.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var client = await ControlClient.ConnectAsync(path, Cancel);
        var call = client.CallAsync("ls", cancel: Cancel);
        using (var server = await listener.AcceptAsync(Cancel))
        {
            _ = await server.ReceiveAsync(new byte[1000], SocketFlags.None, Cancel);
            await server.SendAsync(Encoding.UTF8.GetBytes(answer), SocketFlags.None, Cancel);
        }

        return await Assert.ThrowsAsync<ControlException>(() => call);
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<int>(new IOException("planted"));
    }
}
