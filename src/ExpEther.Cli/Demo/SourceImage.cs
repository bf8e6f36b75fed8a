using System.Formats.Tar;

namespace ExpEther.Cli.Demo;

/// <summary>The disk of a user who named none: a tar archive of the repository's own sources.</summary>
internal static class SourceImage
{
    private static readonly string[] Left = ["bin", "obj", "artifacts", ".git", "node_modules", "TestResults"];

    public static async Task<string> MakeAsync(string folder, CancellationToken cancel)
    {
        var image = Path.Combine(folder, "sources.tar");
        var root = FindRoot();
        await using var writer = new TarWriter(File.Create(image), TarEntryFormat.Pax);
        foreach (var file in Files(root))
        {
            await writer.WriteEntryAsync(file, Path.GetRelativePath(root, file), cancel);
        }

        return image;
    }

    /// <summary>The clone that this program was built from; outside of one, the folder of the program itself.</summary>
    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "ExpEther.slnx")))
            {
                return folder;
            }
        }

        return AppContext.BaseDirectory;
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
