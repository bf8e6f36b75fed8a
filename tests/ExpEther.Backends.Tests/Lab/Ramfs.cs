using System.Diagnostics;

namespace ExpEther.Backends.Tests.Lab;

/// <summary>A mounted file system that can neither make holes nor zero ranges. Needs root.</summary>
internal sealed class Ramfs : IDisposable
{
    private Ramfs(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public static bool TryMake(string directory, out Ramfs? made, out string why)
    {
        made = null;
        var path = System.IO.Path.Combine(directory, "ramfs");
        Directory.CreateDirectory(path);
        if (Run("mount", "-t", "ramfs", "none", path) is { } noMount)
        {
            why = noMount;
            return false;
        }

        made = new Ramfs(path);
        why = "";
        return true;
    }

    public void Dispose() => Run("umount", Path);

    /// <returns>Null, or why it failed.</returns>
    private static string? Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.StandardOutput.ReadToEnd();
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
