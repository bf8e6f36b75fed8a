using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace ExpEther.Architecture.Tests;

/// <summary>The working tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Projects => Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories);

    public static string NameOf(string projectFile) => Path.GetFileNameWithoutExtension(projectFile);

    public static IEnumerable<string> ReferencesOf(string projectFile) =>
        XDocument.Load(projectFile).Descendants("ProjectReference").Select(reference => NameOf(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    public static IEnumerable<string> PackagesOf(string projectFile) =>
        XDocument.Load(projectFile).Descendants("PackageReference").Select(reference => reference.Attribute("Include")!.Value);

    /// <summary>Source files, without what the build generates, as paths relative to the root.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var folder = Path.GetDirectoryName(here); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "ExpEther.slnx")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException($"no ExpEther.slnx above {here}");
    }
}
