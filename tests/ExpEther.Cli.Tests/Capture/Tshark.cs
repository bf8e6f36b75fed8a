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

    /// <summary>
    /// Output lines. Fails when the script, or tshark, has anything to complain about. Wireshark 4.4 and newer run no scripts as root, so root's tshark
    /// runs as nobody, which gets copies that it can read.
    /// </summary>
    public static async Task<string[]> ReadAsync(string file, params IReadOnlyList<string> arguments)
    {
        var folder = Directory.CreateTempSubdirectory("expether-tshark-");
        try
        {
            folder.UnixFileMode |= UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            var script = CopyFor(folder, Script(), "expether.lua");
            var capture = CopyFor(folder, file, "capture.pcapng");
            string[] asNobody = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
            string[] command = [.. asNobody, "tshark", "-X", $"lua_script:{script}", "-r", capture, .. arguments];
            var start = new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
            };
            start.Environment["HOME"] = "/nonexistent";
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("Lua", await error, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Lua Error", output, StringComparison.OrdinalIgnoreCase);
            Assert.True(process.ExitCode == 0, $"tshark ended with {process.ExitCode}: {await error}");
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string CopyFor(DirectoryInfo folder, string file, string name)
    {
        var copy = Path.Combine(folder.FullName, name);
        File.Copy(file, copy);
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        return copy;
    }

    private static string Script([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "tools", "wireshark", "expether.lua"));
}
