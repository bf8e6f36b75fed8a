namespace ExpEther.Cli.Tests.Lab;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class LabFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("expether-cli-").FullName;

    public string File(string name) => Path.Combine(_folder, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
