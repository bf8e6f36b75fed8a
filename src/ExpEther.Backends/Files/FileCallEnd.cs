using ExpEther.Linux;

namespace ExpEther.Backends.Files;

/// <summary>A request on its way back from a worker.</summary>
internal readonly record struct FileCallEnd(int Slot, Errno Error);
