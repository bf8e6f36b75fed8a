using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>A request on its way to a worker.</summary>
internal readonly record struct FileCall(int Slot, BlockRequest Request);
