using System.Security.Cryptography;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Demo;

/// <summary>
/// What all hosts of the demo share: a temporary copy of the user's file, padded to whole blocks, as a read-only namespace of the one device. The
/// user's file is opened for reading only; the hash is of its bytes, not of the copy's.
/// </summary>
internal sealed class SharedDisk
{
    public const int BlockBytes = 512;

    private SharedDisk(int id, string source, string backing, long bytes, string sha256)
    {
        Id = id;
        Source = source;
        Backing = backing;
        OriginalBytes = bytes;
        Sha256 = sha256;
    }

    /// <summary>NSID: its place in the configuration, from 1.</summary>
    public int Id { get; }

    public string Name => $"namespace {Id}";

    public string Source { get; }

    /// <summary>The copy's path.</summary>
    public string Backing { get; }

    /// <summary>What the hash covers, from the start.</summary>
    public long OriginalBytes { get; }

    /// <summary>Of the original, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    public long TotalBytes => Math.Max((OriginalBytes + BlockBytes - 1) / BlockBytes, 1) * BlockBytes;

    /// <exception cref="LabFailure">The file cannot be served; the message says why.</exception>
    public static async Task<SharedDisk> CopyAsync(int id, string source, string folder, CancellationToken cancel)
    {
        Check(source, folder);
        var backing = Path.Combine(folder, $"shared{id}.img");
        var partial = backing + ".part";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        try
        {
            await using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20, useAsync: true);
            await using var into = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20, useAsync: true);
            var buffer = new byte[1 << 20];
            int got;
            while ((got = await from.ReadAsync(buffer, cancel)) > 0)
            {
                bytes += got;
                if (bytes > DemoLimits.DiskBytesMax)
                {
                    throw TooLarge(source, bytes);
                }

                hash.AppendData(buffer, 0, got);
                await into.WriteAsync(buffer.AsMemory(0, got), cancel);
            }

            into.SetLength(Math.Max((bytes + BlockBytes - 1) / BlockBytes, 1) * BlockBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabFailure("bad-disk", $"--disk {source} cannot be copied: {e.Message}", "name a file that can be read");
        }

        // Whoever sees the .img sees the whole copy.
        File.Move(partial, backing);
        return new SharedDisk(id, source, backing, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>The hash of the original range as the backing file holds it now, read past all of our own software.</summary>
    public async Task<string> HashBackingAsync(CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var from = new FileStream(Backing, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20, useAsync: true);
        var buffer = new byte[1 << 20];
        var left = OriginalBytes;
        while (left > 0)
        {
            var got = await from.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancel);
            if (got == 0)
            {
                break;
            }

            hash.AppendData(buffer, 0, got);
            left -= got;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Check(string source, string folder)
    {
        if (!File.Exists(source))
        {
            throw new LabFailure(
                "bad-disk", Directory.Exists(source) ? $"--disk {source} is a directory" : $"--disk {source} does not exist", "name a file or an image");
        }

        var bytes = new FileInfo(source).Length;
        if (bytes > DemoLimits.DiskBytesMax)
        {
            throw TooLarge(source, bytes);
        }

        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < bytes + DemoLimits.SpareBytes)
        {
            throw new LabFailure(
                "no-space", $"the copy of {source} needs {bytes} bytes, and {folder} has {free} bytes free",
                "free some space, name a smaller file, or set TMPDIR to a folder with more");
        }
    }

    private static LabFailure TooLarge(string source, long bytes) => new(
        "disk-too-large",
        $"--disk {source} has {bytes} bytes, more than 1 GiB ({DemoLimits.DiskBytesMax} bytes): "
        + "the demo copies it and reads it twice, which would take too long",
        "name a smaller file; `expether io` serves disks of any size");
}
