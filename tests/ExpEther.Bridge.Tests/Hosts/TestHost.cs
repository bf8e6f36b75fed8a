using ExpEther.Pcie;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>A host's memory and interrupt controller, without a root complex: ranges of bytes with rights, and a list of interrupts.</summary>
internal sealed class TestHost : IHostAttachment, IHostMemory
{
    private readonly List<(ulong Start, byte[] Bytes, DmaRights Rights)> _ranges = [];

    public List<(Rid Requester, ulong Address, uint Data)> Interrupts { get; } = [];

    public IHostMemory MemoryOf(int slot) => this;

    public byte[] Map(ulong start, int bytes, DmaRights rights)
    {
        var range = new byte[bytes];
        _ranges.Add((start, range, rights));
        return range;
    }

    public void UnmapAll() => _ranges.Clear();

    public bool TryGetSpan(HostAddress address, int bytes, DmaRights rights, out Span<byte> span)
    {
        foreach (var range in _ranges)
        {
            if (address.Value >= range.Start && address.Value + (ulong)bytes <= range.Start + (ulong)range.Bytes.Length
                && (range.Rights & rights) == rights)
            {
                span = range.Bytes.AsSpan((int)(address.Value - range.Start), bytes);
                return true;
            }
        }

        span = default;
        return false;
    }

    public bool IsInterruptAddress(HostAddress address) => address.Value >> 20 == 0xFEE;

    public void RaiseInterrupt(Rid requester, HostAddress address, uint data) => Interrupts.Add((requester, address.Value, data));
}
