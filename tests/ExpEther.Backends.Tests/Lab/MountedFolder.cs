namespace ExpEther.Backends.Tests.Lab;

/// <summary>A mounted file system. Needs root.</summary>
internal sealed class MountedFolder(string path) : IDisposable
{
    public string Path { get; } = path;

    /// <summary>Skips the test where that is not allowed.</summary>
    /// <param name="folder">Mounted on a folder in it.</param>
    /// <param name="what">A device, or a file system of the kernel's without one.</param>
    /// <param name="options">For mount(8).</param>
    public static MountedFolder Mount(string folder, string what, params string[] options)
    {
        var path = System.IO.Path.Combine(folder, $"mnt-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path);
        var trouble = RootTools.Run("mount", [.. options, what, path]);
        Assert.SkipWhen(trouble is not null, $"nothing can be mounted here: {trouble}");
        return new MountedFolder(path);
    }

    public void Dispose() => RootTools.Run("umount", Path);
}
