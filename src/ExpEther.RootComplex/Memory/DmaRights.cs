namespace ExpEther.RootComplex.Memory;

/// <summary>What a device may do with a range of host memory.</summary>
[Flags]
public enum DmaRights
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,
}
