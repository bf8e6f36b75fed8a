using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ExpEther.Daemon.Config;
using ExpEther.Linux.Memory;

namespace ExpEther.Daemon.Io;

/// <summary>
/// Whether a device that is opened again has all that it had told its hosts to be written. What a process wrote outlives the process, but not
/// the machine: until a flush it is in the kernel's memory. And memory of the process's own does not outlive it. So the number is of this start
/// of the machine, of the files, and, of a device with memory in it, of this process alone.
/// </summary>
internal static class DeviceContinuity
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    public static ulong Of(DeviceConfig config)
    {
        var words = new StringBuilder();
        try
        {
            words.Append(File.ReadAllText(BootId).Trim());
            foreach (var backing in config.Pool is { } pool ? config.Namespaces.Append(pool) : config.Namespaces)
            {
                words.Append('|').Append(backing.BlockBytes).Append(' ').Append(NameOf(backing.File));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing is known then, so nothing is continued.
            words.Append(Guid.NewGuid());
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(words.ToString())));
    }

    /// <summary>A regular file by what it is, wherever its path leads next time; a block device by its path, since the machine is the same.</summary>
    private static string NameOf(string path)
    {
        if (path.Length == 0)
        {
            return Guid.NewGuid().ToString();
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return SharedMapping.TryIdentify((int)file.DangerousGetHandle(), out var identity, out _) ? identity.ToString() : path;
    }
}
