using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Control;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Tests.Control;

/// <summary>A control server on a thread of its own, as an owner loop runs it, with commands that use all it offers.</summary>
internal sealed class ServedCommands : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly OwnerScheduler _scheduler = new();
    private readonly EventFd _wake = new();
    private readonly Thread _thread;
    private readonly OwnerSignal _released;
    private volatile bool _isEnding;
    private volatile bool _isReleased;

    public ServedCommands()
    {
        _released = new OwnerSignal(_scheduler);
        var table = new CommandTable();
        table.Add("echo", call =>
        {
            var text = call.Arguments.RequiredText("text");
            return Task.FromResult(call.Arguments.Mistake() ?? ControlReply.Ok(new JsonObject { ["text"] = text }));
        });
        table.Add("refuse", _ => Task.FromResult(ControlReply.Fail("already-owned", "it has an owner", "detach it")));
        table.Add("fail", _ => throw new InvalidOperationException("planted"));
        table.Add("wait", async call =>
        {
            call.Progress(new JsonObject { ["waiting"] = true });
            await _released.WaitUntil(() => _isReleased || call.IsAbandoned, TimeSpan.FromSeconds(60));
            return ControlReply.Ok([]);
        });
        table.Add("pour", async call =>
        {
            var pieces = call.Arguments.Number("pieces", 0, 1_000_000) ?? 1;
            if (call.Arguments.Mistake() is { } mistake)
            {
                return mistake;
            }

            var sent = 0;
            while (sent < pieces && await call.SendDataAsync(new byte[100_000]))
            {
                sent++;
            }

            Poured = sent;
            return ControlReply.Ok(new JsonObject { ["pieces"] = sent });
        });
        table.Add("sum", async call =>
        {
            var buffer = new byte[70_000];
            long sum = 0, bytes = 0;
            int got;
            do
            {
                got = await call.ReceiveDataAsync(buffer);
                bytes += got;
                foreach (var b in buffer.AsSpan(0, got))
                {
                    sum += b;
                }
            }
            while (got == buffer.Length);

            return ControlReply.Ok(new JsonObject { ["sum"] = sum, ["bytes"] = bytes });
        });
        Server = new ControlServer(SocketPath, table, _scheduler);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public string SocketPath => _scratch.File("daemon.sock");

    public ControlServer Server { get; }

    /// <summary>Pieces that the last "pour" got rid of.</summary>
    public int Poured { get; private set; }

    public Task<ControlClient> ConnectAsync() => ControlClient.ConnectAsync(SocketPath, TestContext.Current.CancellationToken);

    public void Release()
    {
        _isReleased = true;
        _wake.Set();
    }

    public void Dispose()
    {
        _isEnding = true;
        _wake.Set();
        _thread.Join();
        Server.Dispose();
        _wake.Dispose();
        _scratch.Dispose();
    }

    private void Run()
    {
        var poller = new Poller();
        poller.Add(_wake.FileDescriptor, PollEvents.Readable);
        while (!_isEnding)
        {
            var now = MonotonicClock.Now;
            _scheduler.Advance(now);
            Server.Poll(now);
            if (_isReleased)
            {
                _released.Set();
            }

            while (_scheduler.RunReady() > 0)
            {
                Server.Poll(now);
            }

            Server.Watch(poller);
            poller.Wait(TimeSpan.FromMilliseconds(100));
            _ = _wake.Clear();
        }
    }
}
