namespace ExpEther.Link.Setup;

/// <summary>
/// The frame sizes that set-up tries, largest first: a side's own MTU, then what usual paths carry, then the least that every path must
/// (docs/wire-format.md, "The path's MTU"). Over IP a frame has 66 bytes around it (IPv6 40, UDP 8, Ethernet header with tag 18).
/// </summary>
internal static class MtuLadder
{
    // Jumbo frames under IP; the least that carries TLPs of 4096 B; Ethernet; Ethernet under IP; the same in a tunnel (1400); IPv6's least (1280).
    private static ReadOnlySpan<ushort> Usual => [8934, 4240, 1500, 1434, 1334, 1214, LinkLimits.MtuBytesMin];

    /// <summary>The next smaller size, or 0 below the least.</summary>
    public static int Below(int sizeBytes)
    {
        foreach (var usual in Usual)
        {
            if (usual < sizeBytes)
            {
                return usual;
            }
        }

        return 0;
    }
}
