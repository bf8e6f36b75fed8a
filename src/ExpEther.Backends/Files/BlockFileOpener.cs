using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Backends.Files;

/// <summary>Opens a backing file or block device as asked or says what is wrong with it in words a user can act on.</summary>
internal static class BlockFileOpener
{
    public static BlockFile Open(string path, FileBackendOptions options)
    {
        if (options.BlockBytes is not (512 or 4096))
        {
            throw new BackendException($"'{path}': a block has 512 or 4096 bytes, not {options.BlockBytes}");
        }

        if (BlockFile.Look(path).Kind == FileKind.Directory)
        {
            throw new BackendException($"'{path}' is a directory; name a file or a block device");
        }

        var file = Open(path, options.IsReadOnly);
        try
        {
            Check(path, file, options);
            if (options.Direct && file.AskDirectAlignment() is { } alignment && alignment.OffsetBytes <= options.BlockBytes
                && alignment.MemoryBytes <= AlignedBuffer.AlignmentBytes)
            {
                // Refused: through the page cache, as everything that direct I/O has no blocks for.
                _ = file.TryUseDirect(alignment);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static BlockFile Open(string path, bool isReadOnly)
    {
        try
        {
            return BlockFile.Open(path, isReadOnly);
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
        Errno.EBUSY =>
            $"'{path}' is in use: mounted, part of a volume (LVM, RAID, swap), or served already by this or another process; stop that first, or serve it "
            + "read-only",
        Errno.EAGAIN => $"'{path}' is already served by this or another process, or is a running QEMU's image: a writable file has one server",
        Errno.ENXIO => $"'{path}' is neither a file nor a block device, or a device that is not there",
        Errno.ENODEV or Errno.ENOMEDIUM => $"'{path}' is a device without a medium ({e.Error}): insert one, or name another device",
        _ => $"'{path}' cannot be opened: {e.Message}",
    };

    private static void Check(string path, BlockFile file, FileBackendOptions options)
    {
        if (file.IsReadOnlyDevice && !options.IsReadOnly)
        {
            throw new BackendException($"'{path}' is a device that can only be read (blockdev --getro {path} says 1): serve it read-only");
        }

        if (file.IsBlockDevice && options.BlockBytes % file.SectorBytes != 0)
        {
            throw new BackendException(
                file.SectorBytes == 4096
                    ? $"'{path}' is a device of 4096-byte sectors; serve it with blocks of 4096 bytes, not {options.BlockBytes}"
                    : $"'{path}' is a device of {file.SectorBytes}-byte sectors; blocks have 512 or 4096 bytes, so it cannot be served");
        }

        CheckLength(path, file, options.BlockBytes);
    }

    private static void CheckLength(string path, BlockFile file, int block)
    {
        var length = file.LengthBytes;
        if (length <= 0)
        {
            throw new BackendException(
                file.IsBlockDevice
                    ? $"'{path}' is a device without a medium (it has no bytes): insert one, or attach the loop device to a file"
                    : $"'{path}' is empty; give it a size, e.g. 'truncate -s 1G {path}'");
        }

        if (length % block != 0)
        {
            var padded = (length + block - 1) / block * block;
            throw new BackendException(
                $"'{path}' has {length} bytes, not a multiple of its block size {block}: "
                + (file.IsBlockDevice ? "serve it with blocks of 512 bytes" : $"pad it, e.g. 'truncate -s {padded} {path}'"));
        }
    }
}
