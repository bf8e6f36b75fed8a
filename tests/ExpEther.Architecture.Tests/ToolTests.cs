using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ExpEther.Architecture.Tests;

/// <summary>
/// A test that wants a tool which <c>scripts/setup</c> does not name passes on its author's machine and is skipped, or red, on a new one.
/// </summary>
public partial class ToolTests
{
    /// <summary>Programs of Debian's essential packages and of the .NET SDK.</summary>
    private static readonly string[] Everywhere = ["sh", "bash", "stat", "stty", "mount", "umount", "dotnet", "true", "sleep", "cat", "env", "perl"];

    [Fact]
    public void Every_tool_that_tests_and_benches_start_is_named_by_setup()
    {
        var named = SetupTools();
        var wrong = from file in Repository.Sources("tests").Concat(Repository.Sources("src"))
                    from Match start in Start().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))
                    let tool = start.Groups["tool"].Value
                    where !Everywhere.Contains(tool) && !named.ContainsKey(tool)
                    select $"{file}: {tool}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void What_a_message_calls_a_Debian_package_is_what_setup_installs()
    {
        var packages = SetupTools().Values.ToHashSet();
        var wrong = from file in Repository.Sources("tests")
                    from Match named in Package().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))
                    where !packages.Contains(named.Groups["name"].Value)
                    select $"{file}: {named.Groups["name"].Value}";

        Assert.Empty(wrong);
    }

    /// <summary>What <c>scripts/setup tools test</c> lists: tool to Debian package.</summary>
    private static Dictionary<string, string> SetupTools()
    {
        using var setup = Process.Start(new ProcessStartInfo("bash", ["scripts/setup", "tools", "test"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        })!;
        var tools = setup.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', 3)).ToDictionary(fields => fields[0], fields => fields[1]);
        setup.WaitForExit();
        Assert.Equal(0, setup.ExitCode);
        return tools;
    }

    [GeneratedRegex(@"(?:ProcessStartInfo|(?<!Lab)Process\.Start|Tool\.Find|ToolAsync|RunTool|RunToolAsync)\(\s*""(?<tool>[a-z][a-z0-9.+_-]*)""")]
    private static partial Regex Start();

    [GeneratedRegex(@"Debian package (?<name>[a-z0-9][a-z0-9.+-]+)")]
    private static partial Regex Package();
}
