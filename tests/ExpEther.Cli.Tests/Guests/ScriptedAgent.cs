using System.Net.Sockets;
using System.Text;

namespace ExpEther.Cli.Tests.Guests;

/// <summary>The guest's side of a serial port, driven by a test.</summary>
internal sealed class ScriptedAgent : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? _reader;
    private NetworkStream? _stream;

    public ScriptedAgent(string path)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task AcceptAsync()
    {
        _stream = new NetworkStream(await _listener.AcceptAsync(Cancel), ownsSocket: true);
        _reader = new StreamReader(_stream);
    }

    /// <summary>The next line that is not empty, in words.</summary>
    public async Task<string[]> LineAsync()
    {
        while (true)
        {
            var line = await _reader!.ReadLineAsync(Cancel) ?? throw new EndOfStreamException("the client went away");
            if (line.Length > 0)
            {
                return line.Split(' ');
            }
        }
    }

    /// <summary>The next line with this verb; pings that were sent again are passed over.</summary>
    public async Task<string[]> LineAsync(string verb)
    {
        while (true)
        {
            var words = await LineAsync();
            if (words[0] == verb)
            {
                return words;
            }

            Assert.Equal("ping", words[0]);
        }
    }

    public async Task SayAsync(string text) => await _stream!.WriteAsync(Encoding.ASCII.GetBytes(text), Cancel);

    /// <summary>Accepts a client and answers its first ping.</summary>
    public async Task GreetAsync()
    {
        await AcceptAsync();
        await SayAsync($"pong {(await LineAsync("ping"))[1]}\n");
    }

    public void HangUp() => _stream!.Dispose();

    public void Dispose()
    {
        _stream?.Dispose();
        _listener.Dispose();
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
