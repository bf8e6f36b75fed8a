using ExpEther.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace ExpEther.Linux.Files;

/// <summary>
/// A small file that one process writes through a mapping and others read. It is made under another name, filled, and shown under its own
/// by <see cref="Show"/>, so that nobody ever sees half of it; a file of that name is replaced, and who has it open keeps it as it was.
/// <para>
/// Its blocks are allocated beforehand: a full file system is an error at once, not a SIGBUS later. It is locked while its maker lives,
/// whatever way the maker ends: <see cref="IsHeld"/>.
/// </para>
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly string _path;
    private readonly int _bytes;
    private int _fd;
    private byte* _start;
    private bool _isShown;

    private MappedFile(string path, int bytes, int fd, byte* start)
    {
        _path = path;
        _bytes = bytes;
        _fd = fd;
        _start = start;
    }

    // SAFETY: the mapping is ours until Dispose, and the file is never cut by us.
    /// <summary>All of the file, shared with whoever reads it. Not to be used after <see cref="Dispose"/>.</summary>
    public Span<byte> Bytes
    {
        get
        {
            Check.That(_start is not null);
            return new Span<byte>(_start, _bytes);
        }
    }

    /// <param name="path">Where it is to be shown; only its owner may read it.</param>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="LinuxException">EACCES, ENOENT, ENOSPC: there is no place for it.</exception>
    public static MappedFile Create(string path, int bytes)
    {
        const int OwnerReadsAndWrites = 0x180;
        var hidden = HiddenName(path);

        // What a maker left here that was killed at this very moment; the control socket sees to it that there is one maker at a time.
        File.Delete(hidden);
        var fd = Libc.open(hidden, FileConstants.O_RDWR | FileConstants.O_CREAT | FileConstants.O_EXCL | FileConstants.O_CLOEXEC, OwnerReadsAndWrites);
        if (fd < 0)
        {
            throw LinuxException.Last($"make {hidden}");
        }

        var whole = new FileLock { Type = FileConstants.F_WRLCK };
        void* start = null;
        var isMade = Libc.fallocate(fd, 0, 0, bytes) == 0 && Libc.fcntl(fd, FileConstants.F_OFD_SETLK, &whole) == 0
            && (start = Libc.mmap(null, (nuint)bytes, PacketConstants.PROT_READ | PacketConstants.PROT_WRITE, PacketConstants.MAP_SHARED, fd, 0)) != (void*)-1;
        if (isMade)
        {
            return new MappedFile(path, bytes, fd, (byte*)start);
        }

        var failure = LinuxException.Last($"reserve and map {bytes} bytes of {hidden}");
        _ = Libc.close(fd);
        File.Delete(hidden);
        throw failure;
    }

    /// <summary>True while the process that made the file lives and has not replaced it.</summary>
    public static bool IsHeld(SafeFileHandle file)
    {
        var probe = new FileLock { Type = FileConstants.F_RDLCK };
        var added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return Libc.fcntl((int)file.DangerousGetHandle(), FileConstants.F_OFD_GETLK, &probe) == 0 && probe.Type != FileConstants.F_UNLCK;
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Shows it under its name, in place of what was there.</summary>
    /// <exception cref="IOException">Something that is no file has that name.</exception>
    public void Show()
    {
        File.Move(HiddenName(_path), _path, overwrite: true);
        _isShown = true;
    }

    /// <summary>
    /// Takes the name away, if the folder still allows it; <see cref="Dispose"/> leaves it, for what replaced it.
    /// </summary>
    public void Remove() => DeleteIfAllowed(_path);

    public void Dispose()
    {
        if (_start is null)
        {
            return;
        }

        _ = Libc.munmap(_start, (nuint)_bytes);
        _start = null;
        _ = Libc.close(_fd);
        _fd = -1;
        if (!_isShown)
        {
            DeleteIfAllowed(HiddenName(_path));
        }
    }

    private static void DeleteIfAllowed(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // it is not locked any more, which tells readers enough
        }
    }

    private static string HiddenName(string path) => $"{path}.new";
}
