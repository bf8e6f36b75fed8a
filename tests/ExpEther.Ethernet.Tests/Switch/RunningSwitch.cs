using System.Collections.Concurrent;
using ExpEther.Ethernet.Switch;
using ExpEther.Linux;
using ExpEther.Linux.Polling;

namespace ExpEther.Ethernet.Tests.Switch;

/// <summary>A switch process running on a thread of its own, asked through its loop as its control socket asks it.</summary>
internal sealed class RunningSwitch : IDisposable
{
    private readonly SwitchProcess _process;
    private readonly EventFd _wake = new();
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly Thread _thread;
    private volatile bool _isStopped;

    public RunningSwitch(params SwitchProcessPort[] ports)
    {
        _process = new SwitchProcess(ports, new SystemRandom());
        _process.Poller.Add(_wake.FileDescriptor, PollEvents.Readable);
        _thread = new Thread(() => _process.Run(() => _isStopped, _ => Serve()));
        _thread.Start();
    }

    /// <summary>Carries out an order on the switch's thread.</summary>
    public T Do<T>(Func<SwitchProcess, T> order)
    {
        var done = new TaskCompletionSource<T>();
        _orders.Enqueue(() => done.SetResult(order(_process)));
        _wake.Set();
        return done.Task.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
    }

    public void WaitUntil(Func<SwitchSnapshot, bool> condition)
    {
        for (var looks = 0; looks < 100_000; looks++)
        {
            if (condition(Do(s => s.Snapshot())))
            {
                return;
            }
        }

        Assert.Fail($"the switch never came to it: {string.Join("; ", Do(s => s.Snapshot()).Ports)}");
    }

    public void Dispose()
    {
        _isStopped = true;
        _wake.Set();
        _thread.Join();
        _process.Dispose();
        _wake.Dispose();
    }

    private void Serve()
    {
        _wake.Clear();
        while (_orders.TryDequeue(out var order))
        {
            order();
        }
    }
}
