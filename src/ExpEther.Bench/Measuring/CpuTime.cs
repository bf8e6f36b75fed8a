using System.Globalization;

namespace ExpEther.Bench.Measuring;

/// <summary>Processor time of processes that run, from /proc (proc_pid_stat(5)); ticks of 10 ms, so runs of a second are told to 1 %.</summary>
internal static class CpuTime
{
    private const double MicrosecondsPerTick = 10_000;

    /// <summary>User and system time of all threads together; 0 for a process that has gone.</summary>
    public static double MicrosecondsOf(params IEnumerable<int> processes) => processes.Sum(MicrosecondsOf);

    private static double MicrosecondsOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");

            // The command's name, in parentheses, may hold anything; utime and stime are fields 14 and 15.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) * MicrosecondsPerTick;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
