using ExpEther.Core.Time;

namespace ExpEther.Simulation.Oracle;

/// <summary>Both ends of a link agree, or one of them is down: an epoch has the same MTU and payload at both, and two different ones do not stay up.</summary>
internal sealed class AgreementCheck(FabricRun run)
{
    private readonly Dictionary<(string Host, string Box), Instant> _apartSince = [];

    public void Look(Instant now)
    {
        foreach (var box in run.Boxes.Where(b => b.IsReady))
        {
            foreach (var atBox in box.Bridge.Status().Hosts)
            {
                var host = run.Hosts.Single(h => h.Name == atBox.Name);
                var atHost = host.IsUp ? host.Bridge.Status().Boxes.SingleOrDefault(b => b.Mac == box.Mac) : null;
                var key = (host.Name, box.Name);
                if (!atBox.Linked || atHost is not { IsUp: true } || atBox.Epoch == atHost.Epoch)
                {
                    _apartSince.Remove(key);
                    if (atBox.Linked && atHost is { IsUp: true } && (atBox.MtuBytes, atBox.MaxPayloadBytes) != (atHost.MtuBytes, atHost.MaxPayloadBytes))
                    {
                        throw new SimulationFailure($"{host.Name} and {box.Name} are in one epoch and do not agree on what a frame holds");
                    }
                }
                else if (!_apartSince.TryAdd(key, now) && now - _apartSince[key] > 2 * SimulationLimits.LinkDead)
                {
                    throw new SimulationFailure($"{host.Name} and {box.Name} have both been up in different epochs for {now - _apartSince[key]}");
                }
            }
        }
    }
}
