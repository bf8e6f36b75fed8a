using ExpEther.Daemon.Control;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Daemon.Capture;

/// <summary>What a daemon has that can be captured.</summary>
internal interface ICaptureSource
{
    /// <summary>The port's name, for the file.</summary>
    string PortName { get; }

    ushort EtherType { get; }

    /// <summary>Does it see the device's side of the swap?</summary>
    bool HasDeviceSide { get; }

    /// <summary>The tap of all its bridges.</summary>
    ITlpTap? Tap { set; }

    /// <summary>A host by its name; the reply when there is none.</summary>
    ControlReply? FindHost(string name, out MacAddress host);

    /// <summary>A function by its name: its number and, where several boxes number theirs, its box; the reply when there is none.</summary>
    ControlReply? FindFunction(string name, out ushort number, out MacAddress? box);
}
