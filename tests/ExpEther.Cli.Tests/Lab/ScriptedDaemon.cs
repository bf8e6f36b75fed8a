using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>A daemon that answers every call with the same line, whatever the test has it say.</summary>
internal sealed class ScriptedDaemon : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task _serving;

    public ScriptedDaemon(string path, JsonObject answer)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(4);
        _serving = ServeAsync(answer);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _serving.Wait(TestContext.Current.CancellationToken);
    }

    private async Task ServeAsync(JsonObject answer)
    {
        try
        {
            using var client = await _listener.AcceptAsync();
            await using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
            {
                answer["id"] = JsonNode.Parse(line)!["id"]!.DeepClone();
                await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(answer) + "\n"));
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The command has gone, or the test is over.
        }
    }
}
