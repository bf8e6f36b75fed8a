using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Hosts;

/// <summary>One assignment of a function to this host: made when a box presents it, gone when the slot is emptied or the host lets go.</summary>
internal sealed class SlotOccupant(BoxLink box, in PresentMessage present)
{
    private readonly PresentMessage _present = present;

    public BoxLink Box { get; } = box;

    public ushort Function => _present.Function;

    public ulong Generation => _present.Generation;

    public string Name => _present.Name;

    /// <summary>The ID that the host gave it: bus and device of the configuration writes that went to it (PCIe 5.0 §2.2.6.2).</summary>
    public Rid VfH { get; set; }

    /// <summary>The requester ID that the host uses.</summary>
    public Rid HostH { get; set; }

    /// <summary>The box may be told where the function is.</summary>
    public bool IsShown { get; set; }

    /// <summary>As the host's configuration writes left it. What the function itself thinks, the I/O bridge knows; both must agree to DMA.</summary>
    public bool BusMasterEnable { get; set; }

    public PluggedFunction ToStatus() => new(
        Box.Mac, Box.Name, Function, Name, Generation, _present.VendorId, _present.DeviceId, _present.ClassCode, VfH, HostH, BusMasterEnable);
}
