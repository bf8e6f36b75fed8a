namespace ExpEther.RootComplex.Guests;

/// <summary>A slot of a guest: the guest's accesses to the function in it, as TLPs.</summary>
public sealed class GuestSlot
{
    internal GuestSlot(int number) => Number = number;

    /// <summary>Physical slot number, from 1.</summary>
    public int Number { get; }

    /// <summary>The function that answers in it; null: none.</summary>
    public GuestFunction? Function { get; internal set; }

    /// <summary>Where its accesses end.</summary>
    public IGuestAccessSink? Sink { get; set; }

    /// <summary>Begins a read of a BAR, of any length and alignment within it; it ends in the sink, never within this call.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TryReadMemory(int bar, ulong offset, int bytes, ulong token) => throw new NotSupportedException();

    /// <summary>A posted write to a BAR; in order with all other writes of this slot.</summary>
    /// <returns>False: no room now; to be offered again.</returns>
    public bool TryWriteMemory(int bar, ulong offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    /// <summary>Begins a read of configuration space, of any length within its 4096 bytes; it ends in the sink.</summary>
    public bool TryReadConfig(int offset, int bytes, ulong token) => throw new NotSupportedException();

    /// <summary>Begins a write of configuration space, of any length; it ends in the sink.</summary>
    public bool TryWriteConfig(int offset, ReadOnlySpan<byte> data, ulong token) => throw new NotSupportedException();

    /// <summary>Begins a function level reset; it ends in the sink, when the function may be accessed again.</summary>
    public bool TryReset(ulong token) => throw new NotSupportedException();
}
