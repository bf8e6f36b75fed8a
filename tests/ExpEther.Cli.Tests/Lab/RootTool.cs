using System.Diagnostics;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>Programs that make what only root can make.</summary>
internal static class RootTool
{
    /// <returns>What it wrote, and null or why it failed.</returns>
    public static (string Output, string? Trouble) Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd().TrimEnd();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (output, process.ExitCode == 0 ? null : $"{command}: {errors}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return ("", $"'{command}' is not on this machine");
        }
    }
}
