namespace ExpEther.RootComplex.Requests;

internal enum RequestKind : byte
{
    MemoryRead,
    ConfigRead,
    ConfigWrite,
}
