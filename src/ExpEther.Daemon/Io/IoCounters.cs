using ExpEther.Bridge.Io;
using ExpEther.Core.Counters;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Io;

/// <summary>What an I/O box counts: what <c>stats</c> and <c>top</c> show of it.</summary>
internal sealed class IoCounters(
    string name, INetworkPort port, StageClock stages, Func<long> sleeps, LogCounters log, IoBridge bridge, DeviceSet devices)
    : ICounterSource
{
    public void AddShape(CounterShape shape)
    {
        bridge.AddShape(shape);
        for (var i = 0; i < devices.Controllers.Count; i++)
        {
            shape.Add(devices.Controllers[i]);
        }
    }

    public void AddCounters(CounterTree tree)
    {
        tree.Text("kind", "io");
        tree.Text("name", name);
        tree.Object("port", () => CommonEntries.AddPort(tree, port));
        tree.Object("loop", () => CommonEntries.AddLoop(tree, stages, sleeps));
        tree.Object("log", () => CommonEntries.AddLog(tree, log));
        bridge.AddCounters(tree);
        tree.List("devices", devices.Controllers, each =>
        {
            tree.Text("name", each.Name);
            tree.All(each.Controller.Counters);
        });
    }
}
