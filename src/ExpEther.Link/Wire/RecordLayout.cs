namespace ExpEther.Link.Wire;

/// <summary>Offsets into the prefix that every record begins with (docs/wire-format.md, "Records").</summary>
public static class RecordLayout
{
    public const int Kind = 0;
    public const int Info = 1;
    public const int Length = 2;

    /// <summary>The prefix; <see cref="Length"/> counts what follows it.</summary>
    public const int Bytes = 4;
}
