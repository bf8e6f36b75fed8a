namespace ExpEther.RootComplex.Enumeration;

/// <summary>What a bridge's window must hold.</summary>
/// <param name="Bytes">A multiple of 1 MB; 0: no window.</param>
/// <param name="Align">Of its base: at least 1 MB, and enough for the largest BAR inside.</param>
internal readonly record struct WindowNeed(ulong Bytes, ulong Align);
