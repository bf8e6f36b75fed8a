namespace ExpEther.Qemu.Tests.Machines;

/// <summary>Something that runs on the scheduler, and how it ended.</summary>
internal sealed class Sequence<T>
{
    public bool IsEnded { get; private set; }

    public T? Result { get; private set; }

    public void End(T result) => (IsEnded, Result) = (true, result);
}
