using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>What one side tells the other in set-up.</summary>
internal sealed record SetupParameters
{
    /// <summary>Of the process behind the side: another one after every start.</summary>
    public required ulong Incarnation { get; init; }

    public required LinkFeatures Features { get; init; }

    public required CreditSet Credits { get; init; }

    public required ushort MtuBytes { get; init; }

    /// <summary>Records from the first missing one on that the side takes in.</summary>
    public required ushort WindowRecords { get; init; }

    public required string Name { get; init; }

    public static SetupParameters Of(LinkOptions options) => new()
    {
        Incarnation = options.Incarnation,
        Features = LinkFeatures.SelectiveAck | LinkFeatures.Hints,
        Credits = options.Credits,
        MtuBytes = (ushort)options.MtuBytes,
        WindowRecords = LinkLimits.ReceiveRecordsMax,
        Name = options.LocalName,
    };
}
