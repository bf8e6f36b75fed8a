namespace ExpEther.RootComplex.Guests;

internal enum GuestAccessKind : byte
{
    MemoryRead,
    ConfigRead,
    ConfigWrite,
}
