using ExpEther.Core.Counters;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Switch;

namespace ExpEther.Daemon.Switch;

/// <summary>What a switch counts: what <c>stats</c> and <c>top</c> show of it. Its ports are those of its command line.</summary>
internal sealed class SwitchCounters(string name, SwitchProcess process, LogCounters log) : ICounterSource
{
    public void AddShape(CounterShape shape) => shape.Add(process);

    public void AddCounters(CounterTree tree)
    {
        tree.Text("kind", "switch");
        tree.Text("name", name);
        tree.Object("loop", () => CommonEntries.AddLoop(tree, process.Stages, () => process.Sleeps));
        tree.Object("log", () => CommonEntries.AddLog(tree, log));
        tree.List("ports", process.Ports, port =>
        {
            tree.Text("name", port.Name);
            tree.Text("on", port.Port.Name);
            tree.Text("mode", port.Mode.ToString());
            process.AddCounters(tree, port.Name);
            tree.Object("port", () => CommonEntries.AddPort(tree, port.Port));
        });
    }
}
