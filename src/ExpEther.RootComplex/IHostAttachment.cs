using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex;

/// <summary>
/// What a host bridge needs of the host above it: its memory, and its interrupt controller. TLPs to and from it go by
/// <see cref="Pcie.Ports.ITlpPort"/>.
/// </summary>
public interface IHostAttachment
{
    /// <summary>The host's memory as the function in a slot may reach it; the same object for the life of the host.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    /// <returns>If it is <see cref="IAskedMemory"/> too, what is not mapped in it may be asked for.</returns>
    IHostMemory MemoryOf(int slot);

    /// <summary>Whether a function that came into this slot could be had by the host at once: nothing of the one before is in the way.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    bool CanTake(int slot) => true;

    /// <summary>True when a 4-byte memory write to this address is an interrupt (x86: FEE0_0000h to FEEF_FFFFh), not memory.</summary>
    bool IsInterruptAddress(HostAddress address);

    /// <summary>An MSI or MSI-X message: a memory write of <paramref name="data"/> to an interrupt address.</summary>
    /// <param name="requester">The function (VF_H) or switch port that raised it.</param>
    /// <param name="address">As programmed into the MSI-X table or MSI capability.</param>
    /// <param name="data">As programmed there.</param>
    void RaiseInterrupt(Rid requester, HostAddress address, uint data);
}
