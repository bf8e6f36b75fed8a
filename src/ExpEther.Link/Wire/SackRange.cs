namespace ExpEther.Link.Wire;

/// <summary>Records that have come in beyond the first missing one: <paramref name="Count"/> of them from acknowledgement + <paramref name="Offset"/>.</summary>
public readonly record struct SackRange(ushort Offset, ushort Count)
{
    public const int Bytes = 4;
}
