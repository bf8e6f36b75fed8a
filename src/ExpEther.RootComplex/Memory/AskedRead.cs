namespace ExpEther.RootComplex.Memory;

/// <summary>How a read of <see cref="IAskedMemory"/> stands.</summary>
public enum AskedRead
{
    Waiting,
    Done,

    /// <summary>The host refused it, did not answer in time, or is gone.</summary>
    Failed,
}
