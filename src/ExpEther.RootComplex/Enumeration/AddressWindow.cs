namespace ExpEther.RootComplex.Enumeration;

/// <summary>A run of addresses. <paramref name="Bytes"/> 0: none.</summary>
public readonly record struct AddressWindow(ulong Base, ulong Bytes)
{
    /// <summary>The last address; only of a window that is not empty.</summary>
    public ulong Limit => Base + Bytes - 1;

    public bool IsEmpty => Bytes == 0;

    /// <summary>True when the whole access lies inside.</summary>
    public bool Contains(ulong address, int bytes) => address >= Base && address - Base < Bytes && (ulong)bytes <= Bytes - (address - Base);

    public override string ToString() => IsEmpty ? "none" : $"{Base:x}-{Limit:x}";
}
