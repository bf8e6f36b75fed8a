using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Guests;

/// <summary>One command to a guest's QEMU by the laboratory's own monitor (QMP: a greeting, qmp_capabilities, then lines of JSON).</summary>
internal static class GuestMonitor
{
    /// <param name="name">The guest's, for messages.</param>
    /// <param name="path">Its <see cref="GuestOptions.LabMonitorSocket"/>.</param>
    /// <param name="command">QMP's name of it.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="LabFailure">QEMU does not run, does not answer, or refuses.</exception>
    public static async Task<JsonNode?> AskAsync(string name, string path, string command, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(GuestLimits.MonitorSeconds));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            await reader.ReadLineAsync(limit.Token); // the greeting
            await CallAsync("qmp_capabilities");
            return await CallAsync(command);

            async Task<JsonNode?> CallAsync(string what)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(new JsonObject { ["execute"] = what }.ToJsonString() + "\n"), limit.Token);
                while (await reader.ReadLineAsync(limit.Token) is { } line)
                {
                    if (!StrictJson.TryParseObject(Encoding.UTF8.GetBytes(line), ControlLimits.AnswerDepthMax, out var answer))
                    {
                        throw new IOException("it does not speak QMP");
                    }

                    if (answer["error"] is JsonObject error)
                    {
                        throw new LabFailure("qemu-refuses", $"{name}'s QEMU refuses {what}: {error["desc"]}", "");
                    }

                    if (answer.ContainsKey("return"))
                    {
                        return answer["return"];
                    }
                }

                throw new IOException("the connection was closed");
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new LabFailure("guest-off", $"{name}'s QEMU cannot be reached: {e.Message}", "see `expether lab status`");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new LabFailure("guest-hangs", $"{name}'s QEMU does not answer within {GuestLimits.MonitorSeconds} s", "see `expether lab status`");
        }
    }
}
