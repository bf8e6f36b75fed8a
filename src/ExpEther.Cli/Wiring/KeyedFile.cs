using System.Text;

namespace ExpEther.Cli.Wiring;

/// <summary>Configuration files that a laboratory writes.</summary>
internal static class KeyedFile
{
    /// <summary>Keys are in it, so nobody else may read it.</summary>
    public static void Write(string path, string text)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
