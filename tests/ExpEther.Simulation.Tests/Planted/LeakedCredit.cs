using System.Collections;
using System.Reflection;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A link's sender loses posted credits as time goes on. It reaches into the production link, which has no switch for it.</summary>
internal sealed class LeakedCredit : IPlantedBug
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
    private Instant _next;

    public void OnTurn(BoxStation box, Instant now)
    {
        if (now < _next)
        {
            return;
        }

        _next = now + TimeSpan.FromMilliseconds(1);
        var hosts = Field(box.Bridge, "_hosts");
        foreach (var session in (IEnumerable)hosts.GetType().GetProperty("All", Any)!.GetValue(hosts)!)
        {
            var link = (EtherLink)session.GetType().GetProperty("Link", Any)!.GetValue(session)!;
            var gate = Field(link, "_gate");
            object[] credits = [TlpClass.Posted, 64u];
            if ((bool)gate.GetType().GetMethod("Allows", Any)!.Invoke(gate, credits)!)
            {
                gate.GetType().GetMethod("Use", Any)!.Invoke(gate, credits);
            }
        }
    }

    private static object Field(object of, string name) => of.GetType().GetField(name, Any)!.GetValue(of)!;
}
