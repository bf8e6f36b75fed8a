namespace ExpEther.Simulation.Oracle;

/// <summary>What was readable when a flush was sent.</summary>
internal sealed record FlushMark(int Era, ulong LastVersion, ulong[][] Readable);
