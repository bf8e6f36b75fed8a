using System.ComponentModel;
using System.Diagnostics;

namespace ExpEther.Daemon.Keeping;

/// <summary>How a keeper is started: as a process that nobody waits for, and that keeps open nothing of ours.</summary>
/// <param name="Command">The program and its first arguments; <c>--socket PATH</c> follows.</param>
public sealed record KeeperProgram(IReadOnlyList<string> Command)
{
    private const string StandardError = "/proc/self/fd/2";

    /// <returns>Null, or why it could not be started.</returns>
    public string? TryStart(string path)
    {
        // A pipe is read to its end by who started us; a log, a terminal or the journal may have what the keeper says too.
        var isPipe = new FileInfo(StandardError).LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true;
        var script = $"exec \"$@\" </dev/null >/dev/null{(isPipe ? " 2>/dev/null" : "")}";
        try
        {
            using var started = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script, "sh", .. Command, "--socket", path]));
            return null;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return e.Message;
        }
    }
}
