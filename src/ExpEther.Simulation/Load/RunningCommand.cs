using ExpEther.Core.Time;
using ExpEther.Nvme.Driver;

namespace ExpEther.Simulation.Load;

/// <summary>A command that a load has sent.</summary>
internal sealed record RunningCommand(NvmeIoOperation Operation, int Lba, int Blocks, Instant Since)
{
    public bool Touches(int lba, int blocks) => Lba < lba + blocks && lba < Lba + Blocks;

    public override string ToString() => $"{Operation} of block {Lba}+{Blocks} since {Since}";
}
