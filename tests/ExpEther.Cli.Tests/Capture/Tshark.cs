using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ExpEther.Cli.Tests.Capture;

/// <summary>tshark with the dissector of this repository.</summary>
internal static class Tshark
{
    public static void SkipWhenMissing()
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "tshark"))))
        {
            Assert.Skip("tshark is missing (Debian package tshark)");
        }
    }

    /// <summary>Output lines. Fails when the script, or tshark, has anything to complain about.</summary>
    public static async Task<string[]> ReadAsync(string file, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("tshark") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-X", $"lua_script:{Script()}", "-r", file, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("Lua", await error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Lua Error", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Script([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "tools", "wireshark", "expether.lua"));
}
