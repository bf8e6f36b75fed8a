using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Status;

/// <summary>One window: Mem_H (null while the host has not mapped it) and Mem_IO.</summary>
public sealed record IoBarStatus(int Index, long SizeBytes, HostAddress? MemH, IoAddress MemIo);
