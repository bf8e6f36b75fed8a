using System.Runtime.ExceptionServices;
using ExpEther.Core.Time;

namespace ExpEther.Core.Scheduling;

/// <summary>
/// Runs the slow sequences (enumeration, bring-up, assign, release, driver start) as <c>async</c> methods on the owner's one thread.
/// <para>
/// Theory: it is a first-in-first-out queue for synchronization contexts (<see cref="SequenceScope"/>), and a deadline heap. The owner loop calls
/// <see cref="Advance"/> with the time and <see cref="RunReady"/> to run continuations. Nothing here reads a clock or touches the
/// thread pool, so the simulator runs the same code in virtual time, in the same order at every run. Work started here must await only
/// tasks completed on this thread (<c>Task.WhenAny</c> and <c>WhenAll</c> hop through the thread pool and are banned); a continuation never
/// runs inside the call that completed it, so no method sees itself re-entered.
/// </para>
/// </summary>
public sealed class OwnerScheduler : SynchronizationContext
{
    private const int TimersKeptMin = 64;

    private readonly Queue<(SendOrPostCallback Callback, object? State, SequenceScope Scope)> _ready = new();
    private readonly PriorityQueue<TaskCompletionSource<bool>, (long At, long Order)> _timers = new();
    private readonly HashSet<Task> _started = [];
    private long _order;
    private int _timersKept = TimersKeptMin;
    private Exception? _fault;

    /// <summary>Of what is started in no other scope: its failures surface at the owner.</summary>
    private readonly SequenceScope _own;

    public OwnerScheduler() => _own = new SequenceScope(this, _ => false);

    public Instant Now { get; private set; }

    /// <summary>Timers held, those of waiters that were woken in time included.</summary>
    internal int TimerCount => _timers.Count;

    public bool HasReady => _ready.Count > 0 || _fault is not null;

    /// <summary>When <see cref="Advance"/> has something to do next; null when no timer is set.</summary>
    public Instant? NextDeadline
    {
        get
        {
            while (_timers.TryPeek(out var timer, out var key))
            {
                if (!timer.Task.IsCompleted)
                {
                    return new Instant(key.At);
                }

                _timers.Dequeue();
            }

            return null;
        }
    }

    /// <summary>Sets the time and makes every timer that is due ready. Time never runs backwards.</summary>
    public void Advance(Instant now)
    {
        Check.That(now >= Now);
        Now = now;
        while (_timers.TryPeek(out var timer, out var key) && key.At <= now.Nanoseconds)
        {
            _timers.Dequeue();
            timer.TrySetResult(false);
        }
    }

    /// <summary>
    /// Runs continuations that are ready, at most <paramref name="budget"/>. A failure of started work is thrown here, unless its scope takes it.
    /// </summary>
    /// <returns>How many ran.</returns>
    public int RunReady(int budget = int.MaxValue)
    {
        if (_ready.Count == 0 && _fault is null)
        {
            return 0;
        }

        var before = Current;
        var ran = 0;
        try
        {
            while (ran < budget && _ready.TryDequeue(out var next))
            {
                SetSynchronizationContext(next.Scope);
                try
                {
                    next.Callback(next.State);
                }
                catch (Exception e) when (next.Scope.TryFail(e))
                {
                    // The scope's owner knows.
                }

                ran++;
            }
        }
        finally
        {
            SetSynchronizationContext(before);
        }

        if (_fault is { } fault)
        {
            _fault = null;
            ExceptionDispatchInfo.Throw(fault);
        }

        return ran;
    }

    /// <summary>
    /// Starts a sequence, in the scope that is entered; it runs at the next <see cref="RunReady"/>. Its unhandled exception is a bug and surfaces there.
    /// </summary>
    public void Start(Func<Task> sequence) => Start(sequence, Entered);

    /// <summary>Starts a sequence and hands back its task: its result or exception belong to whoever awaits that.</summary>
    public Task<T> Run<T>(Func<Task<T>> sequence)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(async () =>
        {
            try
            {
                done.TrySetResult(await sequence());
            }
            catch (Exception e) when (e is not InvariantException)
            {
                done.TrySetException(e);
            }
        });
        return done.Task;
    }

    public Task Delay(TimeSpan span) => Until(Now + span);

    /// <summary>Completes at the first <see cref="Advance"/> to or past <paramref name="at"/>.</summary>
    public Task Until(Instant at)
    {
        var timer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Arm(timer, at);
        return timer.Task;
    }

    /// <summary>Gives <paramref name="waiter"/> a deadline: it completes with false at <paramref name="at"/> unless it completed before.</summary>
    internal void Arm(TaskCompletionSource<bool> waiter, Instant at)
    {
        if (_timers.Count >= _timersKept)
        {
            DropCompletedTimers();
        }

        _timers.Enqueue(waiter, (at.Nanoseconds, _order++));
    }

    // Waiters woken in time leave their timers behind, up to the longest timeout: they are swept when the heap has doubled.
    private void DropCompletedTimers()
    {
        var live = _timers.UnorderedItems.Where(item => !item.Element.Task.IsCompleted).ToArray();
        _timers.Clear();
        _timers.EnqueueRange(live);
        _timersKept = Math.Max(TimersKeptMin, live.Length * 2);
    }

    private SequenceScope Entered => Current is SequenceScope scope && scope.Scheduler == this ? scope : _own;

    /// <summary>Runs it at the next <see cref="RunReady"/>, in the scope that is entered.</summary>
    public override void Post(SendOrPostCallback d, object? state) => Post(d, state, Entered);

    internal void Start(Func<Task> sequence, SequenceScope scope) => Post(_ => Track(sequence(), scope), null, scope);

    internal void Post(SendOrPostCallback d, object? state, SequenceScope scope) => _ready.Enqueue((d, state, scope));

    public override void Send(SendOrPostCallback d, object? state) => Check.Fail("the owner's scheduler never blocks: Send is not used");

    public override SynchronizationContext CreateCopy() => this;

    private void Track(Task task, SequenceScope scope)
    {
        if (task.IsCompleted)
        {
            Settle(task, scope);
            return;
        }

        _started.Add(task);
        _ = Watch(task, scope);
    }

    private async Task Watch(Task task, SequenceScope scope)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _started.Remove(task);
        Settle(task, scope);
    }

    private void Settle(Task task, SequenceScope scope)
    {
        if (task.Exception is not { } all)
        {
            return;
        }

        var e = all.InnerExceptions.Count == 1 ? all.InnerException! : all;
        if (!scope.TryFail(e))
        {
            _fault ??= e;
        }
    }
}
