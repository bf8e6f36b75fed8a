namespace ExpEther.Backends.Tests.Lab;

/// <summary>A mounted file system that can neither make holes nor zero ranges. Needs root.</summary>
internal sealed class Ramfs : IDisposable
{
    private Ramfs(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public static bool TryMake(string directory, out Ramfs? made, out string why)
    {
        made = null;
        var path = System.IO.Path.Combine(directory, "ramfs");
        Directory.CreateDirectory(path);
        if (RootTools.Run("mount", "-t", "ramfs", "none", path) is { } noMount)
        {
            why = noMount;
            return false;
        }

        made = new Ramfs(path);
        why = "";
        return true;
    }

    public void Dispose() => RootTools.Run("umount", Path);
}
