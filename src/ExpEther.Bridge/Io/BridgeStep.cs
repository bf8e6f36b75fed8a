using ExpEther.Core.Time;

namespace ExpEther.Bridge.Io;

/// <summary>One step of a sequence and when it was reached, for a time line. Names: <see cref="BridgeStepName"/>.</summary>
public readonly record struct BridgeStep(string Name, Instant At);
