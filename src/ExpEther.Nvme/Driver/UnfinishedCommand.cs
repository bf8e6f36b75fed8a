namespace ExpEther.Nvme.Driver;

/// <summary>An I/O command that a controller took and never ended, to be sent again after its reset.</summary>
/// <param name="Io">What it was to do; of a deallocation the namespace only.</param>
/// <param name="Ranges">Of a deallocation; else empty.</param>
/// <param name="Done">Gets the result and <paramref name="State"/>.</param>
/// <param name="State">The caller's.</param>
/// <param name="Repeats">How often it was sent again before.</param>
internal readonly record struct UnfinishedCommand(
    NvmeIo Io, BlockRange[] Ranges, Action<NvmeResult, object?> Done, object? State, int Repeats);
