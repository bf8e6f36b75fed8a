namespace ExpEther.Simulation;

/// <summary>Something that must never happen has happened in a run. Thrown where it is seen, caught by <see cref="Simulator"/>.</summary>
internal sealed class SimulationFailure(string what) : Exception(what);
