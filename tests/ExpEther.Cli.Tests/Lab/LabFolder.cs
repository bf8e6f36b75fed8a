namespace ExpEther.Cli.Tests.Lab;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class LabFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("expether-cli-").FullName;

    public string File(string name) => Path.Combine(_folder, name);

    /// <summary>A file that only its owner may use, as one with a key must be.</summary>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        System.IO.File.SetUnixFileMode(File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return File(name);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
