namespace ExpEther.Simulation.Network;

/// <summary>
/// What each way between two stations carries, each direction for itself. In some seeds ways carry less than the machines at their ends could
/// send, and may come to carry less in the middle of a run. Draws from a generator of its own: the other seeds' runs are what they would be
/// without it.
/// </summary>
internal sealed class PathMtus(SeededRandom random)
{
    // At least LinkLimits.MtuBytesMin: tunnels, IPv6's least, Ethernet under IP, Ethernet, jumbo frames in a tunnel.
    private static readonly int[] Usual = [1100, 1280, 1434, 1500, 4470, 8950];

    private readonly Dictionary<(int From, int To), int> _mtus = [];
    private readonly Dictionary<(int From, int To), int> _shrunk = [];

    /// <summary>In this seed some ways are narrow.</summary>
    public bool IsNarrow { get; } = random.Chance(0.3);

    public void Lay(int stations)
    {
        for (var from = 0; IsNarrow && from < stations; from++)
        {
            for (var to = 0; to < stations; to++)
            {
                if (random.Chance(0.4))
                {
                    _mtus[(from, to)] = Usual[random.Next(Usual.Length)];
                }
            }
        }
    }

    /// <returns>Bytes after the EtherType.</returns>
    public int Of(int from, int to) => _shrunk.TryGetValue((from, to), out var mtu) || _mtus.TryGetValue((from, to), out mtu) ? mtu : int.MaxValue;

    /// <summary>One way comes to carry less than it may have done.</summary>
    public void Shrink(int from, int to) => _shrunk[(from, to)] = Math.Min(Of(from, to), Usual[random.Next(Usual.Length)]);

    public void Mend() => _shrunk.Clear();
}
