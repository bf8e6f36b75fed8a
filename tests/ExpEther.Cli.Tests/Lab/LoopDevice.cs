namespace ExpEther.Cli.Tests.Lab;

/// <summary>A block device of the kernel's on a file of its own. Needs root and loop devices.</summary>
internal sealed class LoopDevice : IDisposable
{
    private readonly string _file;

    private LoopDevice(string path, string file) => (Path, _file) = (path, file);

    public string Path { get; }

    /// <summary>Skips the test where there can be none.</summary>
    public static LoopDevice Make(long bytes)
    {
        var file = System.IO.Path.GetTempFileName();
        using (var made = File.OpenWrite(file))
        {
            made.SetLength(bytes);
        }

        var (path, trouble) = RootTool.Run("losetup", "--find", "--show", file);
        Assert.SkipWhen(trouble is not null, $"no loop device can be made here: {trouble}");
        return new LoopDevice(path, file);
    }

    public void Dispose()
    {
        RootTool.Run("losetup", "--detach", Path);
        File.Delete(_file);
    }
}
