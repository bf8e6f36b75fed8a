namespace ExpEther.Link.Wire;

/// <summary>Records that have come in beyond the first missing one: Count of them, from Acknowledgement + Offset on.</summary>
public readonly record struct SackRange(ushort Offset, ushort Count)
{
    public const int Bytes = 4;
}
