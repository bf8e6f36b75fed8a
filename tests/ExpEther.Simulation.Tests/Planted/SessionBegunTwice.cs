using System.Collections;
using System.Reflection;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Wire;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>
/// An ACCEPT that comes once more to a box that is confirming makes its session anew, as ACCEPTs handed over as B, A, B did in version 1: the same
/// keys, and frame numbers from 1. It reaches into the production link, which has no way to do that.
/// </summary>
internal sealed class SessionBegunTwice : IPlantedBug
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    public void OnFrame(BoxStation box, in ReceivedFrame frame, Instant now)
    {
        if (FrameHeader.TryParse(frame.Payload, out var header) != FrameError.None || header.Type != FrameType.Accept)
        {
            return;
        }

        foreach (var session in (IEnumerable)Value(Value(box.Bridge, "_hosts")!, "All")!)
        {
            var initiator = Value(Value(session, "Link")!, "_initiator")!;
            if (Value(initiator, "Candidate") is { } candidate)
            {
                Set(candidate, "_lastNumber", 0UL);
                ((ulong[])Value(Value(candidate, "Seal")!, "_lastNumber")!)[0] = 0;
            }
        }
    }

    private static object? Value(object of, string name) =>
        of.GetType().GetProperty(name, Any) is { } property ? property.GetValue(of) : of.GetType().GetField(name, Any)!.GetValue(of);

    private static void Set(object of, string name, object value) => of.GetType().GetField(name, Any)!.SetValue(of, value);
}
