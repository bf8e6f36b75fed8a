namespace ExpEther.Core.Scheduling;

/// <summary>
/// A part of the owner's work that fails by itself: an exception of a sequence that was started in it goes to the part, not to the scheduler's owner.
/// <para>
/// Theory: a scope is the synchronization context of its sequences, so what follows an await runs in it again, also when a sequence of another scope
/// completed the task. What is started by <see cref="OwnerScheduler"/> while a scope is entered belongs to that scope: code below needs to know nothing of it.
/// </para>
/// </summary>
public sealed class SequenceScope : SynchronizationContext
{
    private readonly Func<Exception, bool> _fail;

    /// <param name="scheduler">Runs its sequences.</param>
    /// <param name="fail">Told of each exception that no sequence caught. False: it is the scheduler's after all.</param>
    public SequenceScope(OwnerScheduler scheduler, Func<Exception, bool> fail) => (Scheduler, _fail) = (scheduler, fail);

    internal OwnerScheduler Scheduler { get; }

    /// <summary>As <see cref="OwnerScheduler.Start(Func{Task})"/>, in this scope.</summary>
    public void Start(Func<Task> sequence) => Scheduler.Start(sequence, this);

    /// <summary>As <see cref="OwnerScheduler.Run{T}"/>, in this scope. Every exception is the awaiting sequence's.</summary>
    public Task<T> Run<T>(Func<Task<T>> sequence)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(async () =>
        {
            try
            {
                done.TrySetResult(await sequence());
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>What is started from here on is in this scope, until <see cref="Leave"/>. On the owner's thread; scopes do not nest.</summary>
    public void Enter() => SetSynchronizationContext(this);

    /// <summary>Ends <see cref="Enter"/>.</summary>
    public static void Leave() => SetSynchronizationContext(null);

    public override void Post(SendOrPostCallback d, object? state) => Scheduler.Post(d, state, this);

    public override void Send(SendOrPostCallback d, object? state) => Scheduler.Send(d, state);

    public override SynchronizationContext CreateCopy() => this;

    internal bool TryFail(Exception e) => _fail(e);
}
