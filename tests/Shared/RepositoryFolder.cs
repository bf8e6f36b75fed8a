using System.Runtime.CompilerServices;

namespace ExpEther.Tests.Shared;

/// <summary>Where the sources are that these tests were built from: documents and examples are checked as they stand there.</summary>
internal static class RepositoryFolder
{
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
