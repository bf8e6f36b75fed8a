namespace ExpEther.Linux.Files;

/// <summary>What stands at a path.</summary>
/// <param name="Kind">Symbolic links followed.</param>
/// <param name="LengthBytes">Of a file or block device, else 0.</param>
/// <param name="SectorBytes">A block device's logical sector, else 0.</param>
public readonly record struct FileLook(FileKind Kind, long LengthBytes, int SectorBytes);
