using System.Globalization;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>A mounted file system in memory that is soon full. Needs root.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    private SmallFileSystem(string path) => Path = path;

    public string Path { get; }

    /// <summary>Skips the test where nothing can be mounted.</summary>
    public static SmallFileSystem Make(long bytes)
    {
        var folder = Directory.CreateTempSubdirectory("expether-small-").FullName;
        var (_, trouble) = RootTool.Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={bytes}"), "none", folder);
        Assert.SkipWhen(trouble is not null, $"nothing can be mounted here: {trouble}");
        return new SmallFileSystem(folder);
    }

    public void Dispose()
    {
        RootTool.Run("umount", Path);
        Directory.Delete(Path);
    }
}
