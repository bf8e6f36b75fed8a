using ExpEther.Bridge.Io;
using ExpEther.Daemon.Control;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Daemon.Capture;

/// <summary>An I/O box: both sides of the swap.</summary>
internal sealed class IoCaptureSource(IoBridge bridge, string portName) : ICaptureSource
{
    public string PortName => portName;

    public ushort EtherType => bridge.Options.EtherType;

    public bool HasDeviceSide => true;

    public ITlpTap? Tap
    {
        set => bridge.Tap = value;
    }

    public ControlReply? FindHost(string name, out MacAddress host)
    {
        var found = bridge.Options.Hosts.FirstOrDefault(h => h.Name == name);
        host = found?.Mac ?? default;
        return found is not null
            ? null
            : ControlReply.Fail(
                ControlErrorCode.NoSuchHost, $"this box has no host '{name}'", $"it has: {string.Join(", ", bridge.Options.Hosts.Select(h => h.Name))}");
    }

    public ControlReply? FindFunction(string name, out ushort number, out MacAddress? box)
    {
        var functions = bridge.Status().Functions;
        var found = functions.FirstOrDefault(f => f.Name == name);
        number = found?.Number ?? 0;
        box = null;
        return found is not null
            ? null
            : ControlReply.Fail(
                RefusalCode.NoSuchFunction, $"this box has no function '{name}'", $"it has: {string.Join(", ", functions.Select(f => f.Name))}");
    }
}
