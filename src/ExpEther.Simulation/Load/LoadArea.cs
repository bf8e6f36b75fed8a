using ExpEther.Nvme.Pool;

namespace ExpEther.Simulation.Load;

/// <summary>
/// Where a load works in a namespace: all over a small one. A large one is not worked on everywhere, but where something may go wrong:
/// at its start, round the borders of the pool's chunks, and at its end, which moves.
/// </summary>
internal static class LoadArea
{
    private const int ChunkBlocks = PoolLimits.ChunkBytes / SimulationLimits.BlockBytes;
    private const int Reach = SimulationLimits.BlocksPerCommandMax;

    /// <returns>A first block for a command of so many.</returns>
    public static int Pick(int size, int blocks, SeededRandom random)
    {
        if (size <= SimulationLimits.DiskBlocks)
        {
            return random.Next(size - blocks + 1);
        }

        var borders = Borders(size);
        var at = random.Next(borders + 1);
        var middle = at == borders ? size : at * ChunkBlocks;
        return Math.Clamp(middle - Reach + random.Next(2 * Reach), 0, size - blocks);
    }

    /// <summary>All that <see cref="Pick"/> reaches, in pieces for one command each.</summary>
    public static IEnumerable<(int Lba, int Blocks)> All(int size)
    {
        if (size <= SimulationLimits.DiskBlocks)
        {
            return Pieces(0, size);
        }

        var pieces = Enumerable.Empty<(int, int)>();
        for (var border = 0; border < Borders(size); border++)
        {
            pieces = pieces.Concat(Pieces(Math.Max((border * ChunkBlocks) - Reach, 0), Math.Min((border * ChunkBlocks) + (2 * Reach), size)));
        }

        return pieces.Concat(Pieces(Math.Max(size - (2 * Reach), 0), size));
    }

    private static int Borders(int size) => (size + ChunkBlocks - 1) / ChunkBlocks;

    private static IEnumerable<(int Lba, int Blocks)> Pieces(int from, int to)
    {
        for (; from < to; from += Reach)
        {
            yield return (from, Math.Min(Reach, to - from));
        }
    }
}
