namespace ExpEther.Cli.Wiring;

/// <summary>This program, and the clone of the repository that it was built from.</summary>
internal static class OwnProgram
{
    /// <summary>How it was started: by its own executable, or by dotnet.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            var program = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(OwnProgram).Assembly.Location] : [program];
        }
    }

    /// <summary>The clone's top folder; null outside of one.</summary>
    public static string? Clone
    {
        get
        {
            for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "ExpEther.slnx")))
                {
                    return folder;
                }
            }

            return null;
        }
    }
}
