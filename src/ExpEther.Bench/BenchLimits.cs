namespace ExpEther.Bench;

/// <summary>How long and how often.</summary>
public static class BenchLimits
{
    /// <summary>Pairs of runs, ours and the reference's by turns.</summary>
    public const int PairsMin = 1;
    public const int PairsDefault = 7;
    public const int PairsMax = 100;

    /// <summary>Of one run.</summary>
    public const int MillisecondsMin = 100;
    public const int MillisecondsDefault = 1000;
    public const int MillisecondsMax = 60_000;

    /// <summary>Ours runs for so many runs' length before anything counts: the runtime compiles hot code anew while it runs.</summary>
    public const int WarmUpRuns = 6;

    public const int MtuMin = 1500;
    public const int MtuDefault = 9000;
    public const int MtuMax = 9000;

    /// <summary>Payload of the echo.</summary>
    public const int EchoBytes = 64;

    /// <summary>The disk that is read.</summary>
    public const int DiskMebibytes = 256;

    /// <summary>How long a process may take to be ready.</summary>
    public const int ReadySeconds = 30;

    /// <summary>Between two questions whether a link is up.</summary>
    public const int AskAgainMilliseconds = 20;

    /// <summary>How much longer than asked a run may take.</summary>
    public const int OverrunSeconds = 30;

    /// <summary>How long a process may take to end.</summary>
    public const int EndSeconds = 5;
}
