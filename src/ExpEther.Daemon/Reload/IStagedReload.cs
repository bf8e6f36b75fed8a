namespace ExpEther.Daemon.Reload;

/// <summary>
/// A configuration on its way to take effect. In this order: made off the owner's thread, with all files open; <see cref="PrepareAsync"/>;
/// then, in one turn of the owner, <see cref="Refusals"/> and, if there are none, <see cref="Commit"/>; <see cref="Clean"/> off the owner's
/// thread. <see cref="Abandon"/> takes everything back unless it was committed.
/// </summary>
internal interface IStagedReload
{
    IReadOnlyList<ConfigChange> Changes { get; }

    /// <summary>What stands in the way at this moment.</summary>
    IReadOnlyList<ReloadRefusal> Refusals();

    /// <summary>Does what takes time and may fail, so that nothing of it can be noticed; failures show in <see cref="Refusals"/>.</summary>
    Task PrepareAsync();

    /// <summary>Makes all of it; cannot fail.</summary>
    void Commit();

    /// <summary>On the owner's thread.</summary>
    void Abandon();

    /// <summary>Closes what is not needed any more, the abandoned or the replaced; may wait for disks.</summary>
    void Clean();
}
