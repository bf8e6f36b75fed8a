namespace ExpEther.Bench.Lab;

/// <summary>Programs of other people.</summary>
internal static class Tool
{
    /// <summary>Its path.</summary>
    /// <exception cref="BenchException">It is not on PATH: the bench is skipped.</exception>
    public static string Find(string name, string package)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin");
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw BenchException.Missing($"'{name}' is not installed", $"install it (Debian package {package}), or run scripts/setup bench");
    }
}
