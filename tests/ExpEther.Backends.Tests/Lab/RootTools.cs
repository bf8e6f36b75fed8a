using System.Diagnostics;

namespace ExpEther.Backends.Tests.Lab;

/// <summary>Programs that make what only root can make.</summary>
internal static class RootTools
{
    /// <returns>Null, or why it failed.</returns>
    public static string? Run(string command, params string[] arguments) => Ask(out _, command, arguments);

    /// <param name="said">What it wrote, without the last end of line.</param>
    /// <param name="command">A program's name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Null, or why it failed.</returns>
    public static string? Ask(out string said, string command, params string[] arguments)
    {
        said = "";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            said = process.StandardOutput.ReadToEnd().TrimEnd();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{command}: {errors}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"'{command}' is not on this machine";
        }
    }
}
