using System.Numerics;
using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// A namespace's blocks in a file or on a block device. Past the page cache where the kernel says that blocks of this size can go there, else
/// through it; a flush is fdatasync(2), so what it confirms
/// survives a power cut. Many requests are carried out at once: by io_uring, which the owner polls, or where that is forbidden by a few
/// threads. Deallocated blocks are holes in the file, and read as zeroes; where the file system or device cannot do that, they stay.
/// </summary>
public sealed class FileBackend : IBlockBackend, IDisposable
{
    private const int GranularityBytesMax = 1 << 20;

    private readonly BlockFile _file;
    private readonly FileQueue _queue;

    /// <param name="path">A file whose length is a multiple of the block size, or a block device that is not mounted.</param>
    /// <param name="options">Block size, read-only, direct, engine.</param>
    /// <exception cref="BackendException">Missing, empty, of a wrong size, not permitted, or served already.</exception>
    public FileBackend(string path, FileBackendOptions? options = null)
    {
        options ??= new FileBackendOptions();
        _file = BlockFileOpener.Open(path, options);
        Path = path;
        LengthBytes = _file.LengthBytes;
        BlockBytes = options.BlockBytes;
        IsReadOnly = options.IsReadOnly;
        var abilities = FileProbe.Ask(_file, IsReadOnly);
        DeallocatedReadsZeroes = abilities.PunchesHoles;
        var granularity = _file.WriteGranularityBytes;
        WriteGranularityBytes = BitOperations.IsPow2(granularity) ? Math.Clamp(granularity, BlockBytes, GranularityBytesMax) : BlockBytes;
        IFileEngine engine;
        try
        {
            engine = MakeEngine(abilities, options.Engine);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        Engine = engine is RingEngine ? FileEngineKind.IoUring : FileEngineKind.Workers;
        _queue = new FileQueue(engine);
    }

    public string Path { get; }

    public long LengthBytes { get; }

    public int BlockBytes { get; }

    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool DeallocatedReadsZeroes { get; }

    /// <inheritdoc/>
    public int WriteGranularityBytes { get; }

    /// <inheritdoc/>
    public int DeallocateGranularityBytes => WriteGranularityBytes;

    /// <summary>Whether O_DIRECT is in use.</summary>
    public bool IsDirect => _file.IsDirect;

    /// <summary>What carries requests out.</summary>
    public FileEngineKind Engine { get; }

    /// <summary>An owner that sleeps polls it for Readable: completions came in. <see cref="TryTakeCompletion"/> clears it.</summary>
    public int PollFileDescriptor => _queue.PollFileDescriptor;

    /// <inheritdoc/>
    public bool TrySubmit(in BlockRequest request)
    {
        var refused = BlockRequests.Check(request, this);
        return refused == Errno.None ? _queue.TrySubmit(request) : _queue.TryRefuse(request, refused);
    }

    /// <inheritdoc/>
    public bool TryTakeCompletion(out BlockCompletion completion) => _queue.TryTakeCompletion(out completion);

    /// <summary>Finishes what was submitted, makes it durable, closes the file.</summary>
    public void Dispose()
    {
        _queue.Dispose();
        _file.Dispose();
    }

    private IFileEngine MakeEngine(FileAbilities abilities, FileEngineKind kind)
    {
        if (kind != FileEngineKind.Workers)
        {
            if (IoUring.TryCreate(BackendLimits.RingRequestsMax, out var why) is { } ring)
            {
                return new RingEngine(ring, _file, abilities);
            }

            if (kind == FileEngineKind.IoUring)
            {
                throw new BackendException($"'{Path}' cannot be served by io_uring here ({why}): let it be served by threads");
            }
        }

        return new WorkerEngine(_file, abilities, System.IO.Path.GetFileName(Path));
    }
}
