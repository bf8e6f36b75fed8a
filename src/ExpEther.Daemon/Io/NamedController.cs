using ExpEther.Nvme.Controller;

namespace ExpEther.Daemon.Io;

/// <summary>An NVMe controller under its function's name: what is counted of a device is counted by controller.</summary>
internal sealed record NamedController(string Name, NvmeController Controller);
