using ExpEther.Linux.Native;

namespace ExpEther.Linux.Memory;

/// <summary>
/// A memfd of a fixed size (memfd_create(2)), mapped here and, by its descriptor, elsewhere: what one process leaves to another, by whatever way the
/// first one ends. It is sealed against another size, so that no access to it can fault.
/// </summary>
public sealed unsafe class SharedMemoryFile : IDisposable
{
    private readonly SharedMapping _mapping;
    private int _fd;

    private SharedMemoryFile(int fd, SharedMapping mapping)
    {
        _fd = fd;
        _mapping = mapping;
    }

    /// <summary>To pass on; belongs to this object.</summary>
    public int FileDescriptor => _fd;

    // SAFETY: mapped until Dispose, and of one size for ever.
    /// <summary>All of it, shared. Not to be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Bytes
    {
        get
        {
            Check.That(_mapping.Start is not null);
            return new Span<byte>(_mapping.Start, (int)_mapping.Bytes);
        }
    }

    /// <param name="name">As /proc shows it.</param>
    /// <param name="bytes">Its size; zeros.</param>
    /// <exception cref="LinuxException">EMFILE, ENOMEM: the process has no more descriptors or memory.</exception>
    public static SharedMemoryFile Create(string name, int bytes)
    {
        var fd = Libc.memfd_create(name, FileConstants.MFD_CLOEXEC | FileConstants.MFD_ALLOW_SEALING);
        if (fd < 0)
        {
            throw LinuxException.Last($"memfd_create {name}");
        }

        if (Libc.ftruncate(fd, bytes) == 0
            && Libc.fcntl_number(fd, FileConstants.F_ADD_SEALS, FileConstants.F_SEAL_SHRINK | FileConstants.F_SEAL_GROW) == 0
            && SharedMapping.TryMap(fd, out _) is { } mapping)
        {
            return new SharedMemoryFile(fd, mapping);
        }

        var failure = LinuxException.Last($"map {bytes} bytes of {name}");
        _ = Libc.close(fd);
        throw failure;
    }

    /// <summary>One that another process made.</summary>
    /// <param name="descriptor">Owned by the file from now on; closed where there is none.</param>
    /// <param name="bytes">What its size has to be.</param>
    /// <returns>Null: it is of another size or kind.</returns>
    public static SharedMemoryFile? Open(int descriptor, int bytes)
    {
        if (SharedMapping.TryMap(descriptor, out _) is { } mapping)
        {
            if (mapping is { IsWritable: true } && mapping.Bytes == (ulong)bytes)
            {
                return new SharedMemoryFile(descriptor, mapping);
            }

            mapping.Dispose();
        }

        _ = Libc.close(descriptor);
        return null;
    }

    public void Dispose()
    {
        _mapping.Dispose();
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }
}
