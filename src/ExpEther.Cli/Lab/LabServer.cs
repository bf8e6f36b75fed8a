using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;
using ExpEther.Linux.Sockets;

namespace ExpEther.Cli.Lab;

/// <summary>A laboratory's control socket: the daemons' protocol (docs/control-protocol.md), one call after the other.</summary>
/// <param name="path">Where it listens.</param>
/// <param name="call">Answers a call, or throws a <see cref="LabFailure"/>.</param>
internal sealed class LabServer(string path, Func<string, JsonObject, CancellationToken, Task<JsonObject>> call) : IDisposable
{
    private const int Waiting = 16;

    private readonly SocketClaim _claim = new(path);
    private readonly Socket _listener = Listen(path);

    /// <summary>Until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            using var client = await _listener.AcceptAsync(cancel);
            try
            {
                await ServeAsync(client, cancel);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                continue; // that client went away, or says nothing of sense
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        SocketFile.Remove(path);
        _claim.Dispose();
    }

    private async Task ServeAsync(Socket client, CancellationToken cancel)
    {
        await using var stream = new NetworkStream(client);
        using var reader = new StreamReader(stream);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(LabLimits.StallSeconds));
        string? line;
        try
        {
            line = await reader.ReadLineAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return; // connected and silent: the next one's turn
        }

        if (line is null || !StrictJson.TryParseObject(Encoding.UTF8.GetBytes(line), ControlLimits.JsonDepthMax, out var request))
        {
            return;
        }

        var answer = new JsonObject { ["id"] = request["id"]?.DeepClone() };
        try
        {
            answer["result"] = await call(request.TextOf("command") ?? "", request["arguments"] as JsonObject ?? [], cancel);
        }
        catch (LabFailure e)
        {
            answer["error"] = new ControlError(e.Code, e.Message, e.Remedy).ToJson();
        }

        // Also when that call was the last one.
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.ToJsonString() + "\n"), CancellationToken.None);
    }

    private static Socket Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(Waiting);
        return listener;
    }
}
