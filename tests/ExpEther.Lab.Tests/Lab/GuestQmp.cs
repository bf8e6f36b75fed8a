using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ExpEther.Cli.Lab;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>A connection to a guest's QEMU by the monitor that is not its host bridge's (QMP: a greeting, qmp_capabilities, then lines of JSON).</summary>
internal sealed class GuestQmp : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader _reader = StreamReader.Null;
    private StreamWriter _writer = StreamWriter.Null;

    private GuestQmp()
    {
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<GuestQmp> ConnectAsync(GuestLab lab, string guest) =>
        ConnectAsync(Path.Combine(new LabPlace(lab.Dir).GuestFolder(guest), "monitor.sock"));

    /// <param name="path">The monitor's socket.</param>
    public static async Task<GuestQmp> ConnectAsync(string path)
    {
        var monitor = new GuestQmp();
        await monitor._socket.ConnectAsync(new UnixDomainSocketEndPoint(path), Cancel);
        var stream = new NetworkStream(monitor._socket);
        (monitor._reader, monitor._writer) = (new StreamReader(stream), new StreamWriter(stream) { AutoFlush = true });
        await monitor._reader.ReadLineAsync(Cancel);
        await monitor.CallAsync("qmp_capabilities");
        return monitor;
    }

    /// <returns>Its <c>return</c>.</returns>
    public async Task<JsonNode?> CallAsync(string command, JsonObject? arguments = null)
    {
        await _writer.WriteLineAsync(new JsonObject { ["execute"] = command, ["arguments"] = arguments ?? [] }.ToJsonString());
        while (await _reader.ReadLineAsync(Cancel) is { } line)
        {
            var answer = JsonNode.Parse(line)!.AsObject();
            Assert.False(answer.ContainsKey("error"), line);
            if (answer.ContainsKey("return"))
            {
                return answer["return"];
            }
        }

        throw new InvalidOperationException("QEMU closed its monitor");
    }

    /// <summary>Asks again and again for the guest's state until a task has ended.</summary>
    /// <returns>The longest that an answer took.</returns>
    public async Task<TimeSpan> LongestAnswerAsync(Task meanwhile)
    {
        var longest = TimeSpan.Zero;
        using var rhythm = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!meanwhile.IsCompleted)
        {
            var since = Stopwatch.GetTimestamp();
            await CallAsync("query-status");
            var took = Stopwatch.GetElapsedTime(since);
            longest = took > longest ? took : longest;
            await rhythm.WaitForNextTickAsync(Cancel);
        }

        await meanwhile;
        return longest;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
