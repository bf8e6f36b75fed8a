using ExpEther.Linux.Native;

namespace ExpEther.Linux.Packets;

/// <summary>
/// The classic BPF program of a packet socket: which frames come into its ring. One EtherType; any or listed VLAN IDs; any or listed
/// destination addresses, group addresses always. The kernel has taken the tag off before it runs, so the EtherType is at offset 12
/// and the tag is read through an extension (linux/filter.h, SKF_AD_VLAN_TAG).
/// </summary>
public sealed class PacketFilter
{
    private const uint EtherTypeOffset = 12;
    private const uint VidMask = 0xFFF;
    private const uint Accept = uint.MaxValue;

    private readonly List<SockFilter> _program = [];

    /// <param name="etherType">Of the payload.</param>
    /// <param name="vlans">VLAN IDs, 0 for untagged; empty: all.</param>
    /// <param name="destinations">MAC addresses, octet 0 in bits 47:40; empty: all.</param>
    public PacketFilter(ushort etherType, IReadOnlyCollection<ushort> vlans, IReadOnlyCollection<ulong> destinations)
    {
        Add(PacketConstants.BPF_LD_H_ABS, EtherTypeOffset);
        Add(PacketConstants.BPF_JMP_JEQ_K, etherType, 1, 0);
        Add(PacketConstants.BPF_RET_K, 0);
        MatchVlan(vlans);
        MatchDestination(destinations);
    }

    internal ReadOnlySpan<SockFilter> Program => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_program);

    private void MatchVlan(IReadOnlyCollection<ushort> vlans)
    {
        if (vlans.Count == 0)
        {
            return;
        }

        // An untagged frame loads as 0 here: the extension reads the tag's bits without asking whether there is one.
        Add(PacketConstants.BPF_LD_W_ABS, PacketConstants.SKF_AD_VLAN_TAG);
        Add(PacketConstants.BPF_ALU_AND_K, VidMask);

        // Each match jumps over the rest of the list and the refusal; JA's reach is 32 bits, a conditional jump's only 8.
        var left = (uint)vlans.Count;
        foreach (var vlan in vlans)
        {
            left--;
            Add(PacketConstants.BPF_JMP_JEQ_K, vlan, 0, 1);
            Add(PacketConstants.BPF_JMP_JA, (left * 2) + 1);
        }

        Add(PacketConstants.BPF_RET_K, 0);
    }

    private void MatchDestination(IReadOnlyCollection<ulong> destinations)
    {
        if (destinations.Count == 0)
        {
            Add(PacketConstants.BPF_RET_K, Accept);
            return;
        }

        Add(PacketConstants.BPF_LD_B_ABS, 0);
        Add(PacketConstants.BPF_JMP_JSET_K, 1, 0, 1);
        Add(PacketConstants.BPF_RET_K, Accept);
        foreach (var mac in destinations)
        {
            Add(PacketConstants.BPF_LD_W_ABS, 0);
            Add(PacketConstants.BPF_JMP_JEQ_K, (uint)(mac >> 16), 0, 3);
            Add(PacketConstants.BPF_LD_H_ABS, 4);
            Add(PacketConstants.BPF_JMP_JEQ_K, (uint)(mac & 0xFFFF), 0, 1);
            Add(PacketConstants.BPF_RET_K, Accept);
        }

        Add(PacketConstants.BPF_RET_K, 0);
    }

    private void Add(ushort code, uint k, byte jumpTrue = 0, byte jumpFalse = 0) => _program.Add(new SockFilter(code, jumpTrue, jumpFalse, k));
}
