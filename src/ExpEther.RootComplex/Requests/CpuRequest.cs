using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Requests;

/// <summary>A non-posted request of the CPU.</summary>
/// <param name="Kind">Which; the other members mean something for theirs only.</param>
/// <param name="Address">A memory read's, naturally aligned.</param>
/// <param name="Bytes">A memory read's: 4 or 8.</param>
/// <param name="Target">A configuration request's.</param>
/// <param name="Register">A configuration request's.</param>
/// <param name="Type1">A configuration request's: for a bridge below the root port to pass on.</param>
/// <param name="Value">A configuration write's.</param>
/// <param name="Enables">A configuration write's.</param>
internal readonly record struct CpuRequest(
    RequestKind Kind, ulong Address = 0, int Bytes = 4, Rid Target = default, int Register = 0, bool Type1 = false, uint Value = 0, int Enables = 0)
{
    public int Write(Rid requester, Tag tag, Span<byte> into) => Kind switch
    {
        RequestKind.MemoryRead => new MemoryRead(requester, tag, Address, Bytes).Write(into),
        RequestKind.ConfigRead => new ConfigRead(requester, tag, Target, Register, Type1).Write(into),
        _ => new ConfigWrite(requester, tag, Target, Register, Type1, Value, Enables).Write(into),
    };
}
