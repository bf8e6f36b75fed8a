namespace ExpEther.Bench.Lab;

/// <summary>The bench's cables; each side's interface is named as the cable. One for each use, so that no socket sees another's frames.</summary>
internal static class Cable
{
    public const string Unsealed = "bench0";

    public const string Sealed = "bench1";

    /// <summary>The reference's, with addresses.</summary>
    public const string Reference = "bench2";

    public static readonly string[] All = [Unsealed, Sealed, Reference];

    /// <summary>On <see cref="Reference"/>.</summary>
    public static string AddressOf(Side side) => side == Side.Host ? "10.77.0.1" : "10.77.0.2";
}
