using System.Diagnostics;
using System.Globalization;

namespace ExpEther.Cli.Wiring;

/// <summary>A process that another of our programs started, named so that it is never confused with a later one of the same number.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine did: field 22 of <c>/proc/PID/stat</c> (proc_pid_stat(5)).</param>
internal sealed record ProcessIdentity(int Pid, long StartTicks)
{
    /// <summary>Differs after every start of the machine, since both numbers begin anew then.</summary>
    public static string BootId => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static ProcessIdentity? Of(int pid) => Read(pid) is { } now ? new ProcessIdentity(pid, now.StartTicks) : null;

    /// <summary>It runs; a process that has ended and was not waited for does not.</summary>
    public bool IsAlive => Read(Pid) is { State: not ('Z' or 'X') } now && now.StartTicks == StartTicks;

    /// <summary>SIGKILL, if it is still the same process.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Kill()
    {
        if (!IsAlive)
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill();
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false; // it ended by itself, or is another user's
        }
    }

    /// <summary>Waits until it does not run any more. It is nobody's child here, so nothing tells of its end: it is looked for.</summary>
    public async Task<bool> EndedAsync(TimeSpan within, CancellationToken cancel)
    {
        for (var watch = Stopwatch.StartNew(); IsAlive; await Task.Delay(10, cancel))
        {
            if (watch.Elapsed > within)
            {
                return false;
            }
        }

        return true;
    }

    private static (char State, long StartTicks)? Read(int pid)
    {
        try
        {
            // The second field, the program's name in parentheses, may hold anything.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
