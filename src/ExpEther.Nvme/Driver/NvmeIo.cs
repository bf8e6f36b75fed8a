using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>One I/O command for <see cref="NvmeDisk.TrySubmit"/>.</summary>
/// <param name="Operation">What to do.</param>
/// <param name="Namespace">NSID.</param>
/// <param name="Lba">First block; 0 for a flush.</param>
/// <param name="Blocks">1 to 65536; 0 for a flush.</param>
/// <param name="Buffer">DW aligned, of exactly the blocks' bytes; the device's until the command ended. Empty for all but read and write.</param>
public readonly record struct NvmeIo(NvmeIoOperation Operation, uint Namespace, ulong Lba, int Blocks, DmaBuffer Buffer);
