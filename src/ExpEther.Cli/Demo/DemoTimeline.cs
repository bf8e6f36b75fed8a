namespace ExpEther.Cli.Demo;

/// <summary>When a host transferred, drawn on the time in which any did.</summary>
internal static class DemoTimeline
{
    private const int Width = 24;

    /// <returns>A bar of fixed width; empty before the hosts worked together.</returns>
    public static string Bar(DemoHost host, IReadOnlyList<DemoHost> all)
    {
        var from = all.Min(h => h.StartNs);
        var span = all.Max(h => h.EndNs) - from;
        if (host.StartNs == 0 || host.EndNs == 0 || span <= 0)
        {
            return "";
        }

        var left = (int)((host.StartNs - from) * Width / span);
        var right = Math.Max((int)((host.EndNs - from) * Width / span), left + 1);
        return new string('·', left) + new string('█', right - left) + new string('·', Width - right);
    }
}
