using System.Formats.Tar;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Demo;

/// <summary>The disk of a user who named none: a tar archive of the repository's own sources.</summary>
internal static class SourceImage
{
    private static readonly string[] Left = ["bin", "obj", "artifacts", ".git", "node_modules", "TestResults"];

    public static async Task<string> MakeAsync(string folder, CancellationToken cancel)
    {
        var image = Path.Combine(folder, "sources.tar");
        var root = OwnProgram.Clone ?? AppContext.BaseDirectory;
        await using var writer = new TarWriter(File.Create(image), TarEntryFormat.Pax);
        foreach (var file in Files(root))
        {
            await writer.WriteEntryAsync(file, Path.GetRelativePath(root, file), cancel);
        }

        return image;
    }

    private static IEnumerable<string> Files(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).LinkTarget is null)
            {
                yield return file;
            }
        }

        foreach (var below in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            if (Left.Contains(Path.GetFileName(below)) || new DirectoryInfo(below).LinkTarget is not null)
            {
                continue;
            }

            foreach (var file in Files(below))
            {
                yield return file;
            }
        }
    }
}
