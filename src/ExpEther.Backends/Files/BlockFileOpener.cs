using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Backends.Files;

/// <summary>Opens a backing file as asked or says what is wrong with it in words a user can act on.</summary>
internal static class BlockFileOpener
{
    public static BlockFile Open(string path, FileBackendOptions options)
    {
        if (options.BlockBytes is not (512 or 4096))
        {
            throw new BackendException($"'{path}': a block has 512 or 4096 bytes, not {options.BlockBytes}");
        }

        if (Directory.Exists(path))
        {
            throw new BackendException($"'{path}' is a directory; name a file or a block device");
        }

        var file = (options.Direct ? TryOpenDirect(path, options) : null) ?? Open(path, options.IsReadOnly, isDirect: false);
        try
        {
            CheckSizes(path, file, options);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static BlockFile? TryOpenDirect(string path, FileBackendOptions options)
    {
        BlockFile file;
        try
        {
            file = Open(path, options.IsReadOnly, isDirect: true);
        }
        catch (BackendException e) when (e.InnerException is LinuxException { Error: Errno.EINVAL or Errno.EOPNOTSUPP })
        {
            return null;
        }

        // The alignment that O_DIRECT asks for is known only by trying: the second block is aligned to a block and to nothing more.
        if (file.LengthBytes >= 2 * options.BlockBytes
            && file.Read(AlignedBuffer.Make(options.BlockBytes).Span, options.BlockBytes) != Errno.None)
        {
            file.Dispose();
            return null;
        }

        return file;
    }

    private static BlockFile Open(string path, bool isReadOnly, bool isDirect)
    {
        try
        {
            return BlockFile.Open(path, isReadOnly, isDirect);
        }
        catch (LinuxException e)
        {
            throw new BackendException(Explain(path, isReadOnly, e), e);
        }
    }

    private static string Explain(string path, bool isReadOnly, LinuxException e) => e.Error switch
    {
        Errno.ENOENT => $"'{path}' does not exist; make it first, e.g. 'truncate -s 1G {path}'",
        Errno.EACCES or Errno.EPERM or Errno.EROFS when !isReadOnly =>
            $"'{path}' cannot be opened for writing ({e.Error}): change its permissions, or serve it read-only",
        Errno.EACCES or Errno.EPERM => $"'{path}' cannot be opened for reading ({e.Error}): change its permissions",
        Errno.EBUSY => $"'{path}' is in use (mounted, or part of a volume): unmount it first, or serve it read-only",
        Errno.EAGAIN => $"'{path}' is already served by this or another process, or is a running QEMU's image: a writable file has one server",
        _ => $"'{path}' cannot be opened: {e.Message}",
    };

    private static void CheckSizes(string path, BlockFile file, FileBackendOptions options)
    {
        var length = file.LengthBytes;
        if (length <= 0)
        {
            throw new BackendException($"'{path}' is empty; give it a size, e.g. 'truncate -s 1G {path}'");
        }

        if (length % options.BlockBytes != 0)
        {
            var padded = (length + options.BlockBytes - 1) / options.BlockBytes * options.BlockBytes;
            throw new BackendException(
                $"'{path}' has {length} bytes, not a multiple of its block size {options.BlockBytes}: pad it, e.g. 'truncate -s {padded} {path}'");
        }

        if (options.BlockBytes < file.SectorBytes)
        {
            throw new BackendException(
                $"'{path}' is a device of {file.SectorBytes}-byte blocks; serve it with that block size, not {options.BlockBytes}");
        }
    }
}
