using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// A namespace's blocks in a file or on a block device. Past the page cache where possible; a flush is fdatasync(2), so what it
/// confirms survives a power cut. Requests are carried out one after the other in the order they were submitted: a device that is faster
/// with many at once is not used to the full (the seam for that is <see cref="FileWorker"/>).
/// </summary>
public sealed class FileBackend : IBlockBackend, IDisposable
{
    private readonly BlockFile _file;
    private readonly FileWorker _worker;

    /// <param name="path">A file whose length is a multiple of the block size, or a block device that is not mounted.</param>
    /// <param name="options">Block size, read-only, direct.</param>
    /// <exception cref="BackendException">Missing, empty, of a wrong size, not permitted, or served already.</exception>
    public FileBackend(string path, FileBackendOptions? options = null)
    {
        options ??= new FileBackendOptions();
        _file = BlockFileOpener.Open(path, options);
        Path = path;
        LengthBytes = _file.LengthBytes;
        BlockBytes = options.BlockBytes;
        IsReadOnly = options.IsReadOnly;
        _worker = new FileWorker(new FileOperations(_file, IsReadOnly), System.IO.Path.GetFileName(path));
    }

    public string Path { get; }

    public long LengthBytes { get; }

    public int BlockBytes { get; }

    public bool IsReadOnly { get; }

    /// <summary>Whether O_DIRECT is in use.</summary>
    public bool IsDirect => _file.IsDirect;

    /// <summary>An owner that sleeps polls it for Readable: completions came in. <see cref="TryTakeCompletion"/> clears it.</summary>
    public int PollFileDescriptor => _worker.PollFileDescriptor;

    /// <inheritdoc/>
    public bool TrySubmit(in BlockRequest request)
    {
        BlockRequests.Check(request, this);
        return _worker.TrySubmit(request);
    }

    /// <inheritdoc/>
    public bool TryTakeCompletion(out BlockCompletion completion) => _worker.TryTakeCompletion(out completion);

    /// <summary>Finishes what was submitted, makes it durable, closes the file.</summary>
    public void Dispose()
    {
        _worker.Dispose();
        _file.Dispose();
    }
}
