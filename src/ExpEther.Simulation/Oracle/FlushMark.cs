namespace ExpEther.Simulation.Oracle;

/// <summary>What was readable when a flush was sent.</summary>
/// <param name="Era">When it was sent.</param>
/// <param name="Cuts">How often the disk had become shorter then.</param>
/// <param name="LastVersion">The last version given out then.</param>
/// <param name="Readable">By block; blocks that nobody had written or read are left out.</param>
internal sealed record FlushMark(int Era, int Cuts, ulong LastVersion, IReadOnlyList<KeyValuePair<int, ulong[]>> Readable);
