namespace ExpEther.Daemon.Loop;

/// <summary>Something rare that an <see cref="OwnerLoop"/> looks after beside its work: a signal, the end of work on another thread.</summary>
internal interface ILoopErrand
{
    /// <summary>Readable when <see cref="Poll"/> has something to do.</summary>
    int PollFileDescriptor { get; }

    /// <summary>On the owner's thread; cheap when there is nothing.</summary>
    /// <returns>True when something happened.</returns>
    bool Poll();
}
