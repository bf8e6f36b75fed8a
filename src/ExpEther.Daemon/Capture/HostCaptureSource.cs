using ExpEther.Bridge.Io;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Hosts;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Daemon.Capture;

/// <summary>The hosts of a machine: their side of the swap, which happens at the box.</summary>
internal sealed class HostCaptureSource(HostSet hosts, string portName) : ICaptureSource
{
    public string PortName => portName;

    public ushort EtherType => hosts.All[0].Bridge.Options.EtherType;

    public bool HasDeviceSide => false;

    public ITlpTap? Tap
    {
        set => hosts.Tap = value;
    }

    public ControlReply? FindHost(string name, out MacAddress host)
    {
        var reply = hosts.Find(name, out var found);
        host = reply is null ? found[0].Mac : default;
        return reply;
    }

    public ControlReply? FindFunction(string name, out ushort number, out MacAddress? box)
    {
        var plugged = hosts.All.SelectMany(h => h.Bridge.Status().Slots).Select(s => s.Function).Where(f => f is not null).ToList();
        var found = plugged.FirstOrDefault(f => f!.Name == name);
        number = found?.Function ?? 0;
        box = found?.Box;
        return found is not null
            ? null
            : ControlReply.Fail(
                RefusalCode.NoSuchFunction, $"no slot holds a function '{name}' now", $"there are: {string.Join(", ", plugged.Select(f => f!.Name))}");
    }
}
