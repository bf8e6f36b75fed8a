using ExpEther.Bridge.Hosts.Resuming;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Hosts;

/// <summary>One assignment of a function to this host: made when a box presents it, gone when the slot is emptied or the host lets go.</summary>
internal sealed class SlotOccupant
{
    private readonly PresentMessage _present;
    private readonly byte[] _note = new byte[PortLimits.ResumeNoteBytesMax];
    private int _noteBytes;

    public SlotOccupant(BoxLink box, in PresentMessage present)
    {
        Box = box;
        _present = present;
        Shadow = present.Resume is { } form ? new ConfigShadow(form) : null;
    }

    private SlotOccupant(SlotOccupant before, in PresentMessage present)
    {
        Box = before.Box;
        _present = present;
        Shadow = before.Shadow;
        VfH = before.VfH;
        HostH = before.HostH;
        IsShown = before.IsShown;
        Keep(before.Note);
    }

    public BoxLink Box { get; }

    /// <summary>What the host has written into it; null: its device cannot go on after it was reset.</summary>
    public ConfigShadow? Shadow { get; }

    /// <summary>What it noted for its next life.</summary>
    public ReadOnlySpan<byte> Note => _note.AsSpan(0, _noteBytes);

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

    /// <param name="note">At most <see cref="PortLimits.ResumeNoteBytesMax"/> bytes.</param>
    public void Keep(ReadOnlySpan<byte> note)
    {
        note.CopyTo(_note);
        _noteBytes = note.Length;
    }

    /// <summary>
    /// The same function under its box's next assignment: same name and form, and owned without a break since this assignment.
    /// </summary>
    /// <returns>Null: it is another one, or nobody can say.</returns>
    public SlotOccupant? ContinuedBy(in PresentMessage next) =>
        Shadow is not null && _present.Resume is { } before && next.Resume is { } after && after.IsAlike(before)
        && (next.Name, next.VendorId, next.DeviceId, next.ClassCode, next.Revision)
            == (_present.Name, _present.VendorId, _present.DeviceId, _present.ClassCode, _present.Revision)
        && after.Since <= Generation && Generation < next.Generation
            ? new SlotOccupant(this, next)
            : null;

    public PluggedFunction ToStatus() => new(
        Box.Mac, Box.Name, Function, Name, Generation, _present.VendorId, _present.DeviceId, _present.ClassCode, VfH, HostH, BusMasterEnable);
}
