using System.Globalization;

namespace ExpEther.Backends.Tests.Lab;

/// <summary>A block device of the kernel's on a file of its own. Needs root and loop devices.</summary>
internal sealed class LoopDevice : IDisposable
{
    private readonly string _file;

    private LoopDevice(string path, string file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>"/dev/loop3".</summary>
    public string Path { get; }

    /// <summary>What is behind it, as it is on the disk.</summary>
    public byte[] Contents => File.ReadAllBytes(_file);

    /// <summary>Skips the test where there can be none.</summary>
    public static LoopDevice Make(string folder, int sectorBytes, long bytes, bool isReadOnly = false)
    {
        var file = System.IO.Path.Combine(folder, $"loop-{Guid.NewGuid():N}.img");
        using (var made = File.Create(file))
        {
            made.SetLength(bytes);
        }

        List<string> arguments = ["--sector-size", sectorBytes.ToString(CultureInfo.InvariantCulture), "--find", "--show", file];
        arguments.InsertRange(0, isReadOnly ? ["--read-only"] : []);
        var trouble = RootTools.Ask(out var path, "losetup", [.. arguments]);
        Assert.SkipWhen(trouble is not null, $"no loop device of {sectorBytes}-byte sectors can be made here: {trouble}");
        return new LoopDevice(path, file);
    }

    /// <summary>An ext4 on the device, mounted on a folder.</summary>
    public MountedFolder MountExt4(string folder)
    {
        var trouble = RootTools.Run("mkfs.ext4", "-q", "-b", "4096", Path);
        Assert.SkipWhen(trouble is not null, $"no file system can be made here: {trouble}");
        return MountedFolder.Mount(folder, Path);
    }

    public void Dispose() => RootTools.Run("losetup", "--detach", Path);
}
