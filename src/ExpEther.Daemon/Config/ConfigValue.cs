namespace ExpEther.Daemon.Config;

/// <summary>A value with its place. <paramref name="Value"/> is a string, long, bool, double or a list of these.</summary>
internal sealed record ConfigValue(object Value, int Line)
{
    /// <summary>What it is, for a message.</summary>
    public string Kind => Value switch
    {
        string => "a string",
        long => "an integer",
        bool => "a boolean",
        double => "a float",
        IReadOnlyList<ConfigValue> => "an array",
        _ => "a date or time",
    };
}
