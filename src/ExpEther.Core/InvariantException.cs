namespace ExpEther.Core;

/// <summary>One of our own invariants does not hold: a bug, never a peer's doing. The owner loop lets it end the process.</summary>
public sealed class InvariantException(string message) : Exception(message);
