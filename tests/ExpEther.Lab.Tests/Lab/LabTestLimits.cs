namespace ExpEther.Lab.Tests.Lab;

/// <summary>After these a test fails: nothing is measured by them. Guests are emulated, and the machine may be busy.</summary>
internal static class LabTestLimits
{
    /// <summary>For a command to end.</summary>
    public static TimeSpan CommandTime { get; } = TimeSpan.FromMinutes(4);

    /// <summary>For a condition to come true.</summary>
    public static TimeSpan ConditionTime { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Of each log, in the account of a failure.</summary>
    public const int LogLines = 25;
}
