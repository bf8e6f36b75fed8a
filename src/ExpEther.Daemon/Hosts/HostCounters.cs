using ExpEther.Core.Counters;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Hosts;

/// <summary>What a machine's hosts count: what <c>stats</c> and <c>top</c> show of them.</summary>
internal sealed class HostCounters(string name, INetworkPort port, StageClock stages, Func<long> sleeps, LogCounters log, HostSet hosts) : ICounterSource
{
    public void AddShape(CounterShape shape)
    {
        for (var i = 0; i < hosts.All.Count; i++)
        {
            shape.Add(hosts.All[i]);
            hosts.All[i].Bridge.AddShape(shape);
            hosts.All[i].AddShape(shape);
        }
    }

    public void AddCounters(CounterTree tree)
    {
        tree.Text("kind", "host");
        tree.Text("name", name);
        tree.Object("port", () => CommonEntries.AddPort(tree, port));
        tree.Object("loop", () => CommonEntries.AddLoop(tree, stages, sleeps));
        tree.Object("log", () => CommonEntries.AddLog(tree, log));
        tree.List("hosts", hosts.All, host =>
        {
            tree.Text("name", host.Config.Name);
            host.Bridge.AddCounters(tree);
            host.AddCounters(tree);
        });
    }
}
