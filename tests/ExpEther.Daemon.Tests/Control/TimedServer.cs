using System.Net.Sockets;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Tests.Control;

/// <summary>A control server whose time the test sets, on the test's thread.</summary>
internal sealed class TimedServer : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly OwnerScheduler _scheduler = new();

    public TimedServer()
    {
        var table = new CommandTable();
        table.Add("sum", async call => ControlReply.Ok(new() { ["bytes"] = await call.ReceiveDataAsync(new byte[100]) }));
        table.Add("pour", async call =>
        {
            while (await call.SendDataAsync(new byte[100_000]))
            {
            }

            IsPourOver = true;
            return ControlReply.Ok([]);
        });
        Server = new ControlServer(_scratch.File("daemon.sock"), table, _scheduler);
    }

    public ControlServer Server { get; }

    public bool IsPourOver { get; private set; }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Server.SocketPath), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Turns as an owner loop does, until nothing happens any more.</summary>
    public void TurnAt(TimeSpan time)
    {
        var now = Instant.Zero + time;
        _scheduler.Advance(now);
        while (Server.Poll(now) || _scheduler.RunReady() > 0)
        {
        }
    }

    public void Dispose()
    {
        Server.Dispose();
        _scratch.Dispose();
    }
}
