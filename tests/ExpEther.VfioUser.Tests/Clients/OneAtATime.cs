namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>The collection of tests that run one after the other: open descriptors are counted for the whole process.</summary>
internal static class OneAtATime
{
    public const string Name = "one at a time";
}
