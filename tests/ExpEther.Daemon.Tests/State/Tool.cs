using System.Diagnostics;

namespace ExpEther.Daemon.Tests.State;

/// <summary>A tool of the machine's.</summary>
internal static class Tool
{
    /// <summary>What it says; empty when it is missing or fails.</summary>
    public static string Run(string tool, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? said : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
