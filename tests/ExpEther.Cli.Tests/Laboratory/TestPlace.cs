using ExpEther.Cli.Lab;

namespace ExpEther.Cli.Tests.Laboratory;

/// <summary>A place for a laboratory of a test's own; the folder is not there yet, and nothing is left of it.</summary>
internal sealed class TestPlace : IDisposable
{
    private readonly string _above = Directory.CreateTempSubdirectory("expether-lab-").FullName;

    public LabPlace Folder => new(Path.Combine(_above, "lab"));

    public void Dispose() => Directory.Delete(_above, recursive: true);
}
