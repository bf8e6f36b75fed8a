using ExpEther.Bridge.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// The configuration space a host sees (row 3): an ordinary endpoint with the function's real IDs, class and BAR sizes, and PM, PCIe,
/// MSI-X and AER of our own making. Its BARs and Memory Space Enable are kept here and only here; MPS and MRRS are stored, not obeyed.
/// SR-IOV, ATS and INTx are not there. What must reach the device is told by <see cref="ConfigEffect"/>: Bus Master Enable, MSI-X
/// control, function level reset; vendor-specific capabilities are the device's own registers (<see cref="TryMapVendor"/>).
/// </summary>
internal sealed class VirtualConfigSpace
{
    private const int MessageControl = 2;
    private const ushort MsixControlBits = 0xC000;

    private readonly ulong _identity;
    private readonly List<(int Virtual, int Real, int Bytes)> _vendor = [];

    public VirtualConfigSpace(RealFunction real)
    {
        Endpoint = new EndpointConfig(real.Description);
        foreach (var (offset, bytes) in real.VendorCapabilities)
        {
            var at = Endpoint.Space.AddCapability(CapabilityId.VendorSpecific, bytes);
            Endpoint.Space.Set8(at + 2, (byte)bytes);
            _vendor.Add((at, offset, bytes));
        }

        Endpoint.Space.KeepAsDefaults();
        _identity = ConfigIdentity.Of(Endpoint);
    }

    public EndpointConfig Endpoint { get; }

    /// <summary>VF_H.</summary>
    public Rid VfH => Endpoint.Rid;

    /// <summary>Message Control's enable and function mask, as the device must have them.</summary>
    public ushort MsixControl => (ushort)(Endpoint.MsixOffset == 0 ? 0 : Endpoint.Space.Get16(Endpoint.MsixOffset + MessageControl) & MsixControlBits);

    public uint Read(int register) => Endpoint.Read(register);

    /// <summary>Would this write have an effect on the device? Asked before it is done, so that writes without one are answered at once.</summary>
    public bool Reaches(int register, uint value, int enables)
    {
        var changed = (value ^ Endpoint.Read(register)) & Mask(enables);
        return (register == ConfigRegister.Command && (changed & ConfigRegister.CommandBusMasterEnable) != 0)
            || (Endpoint.MsixOffset != 0 && register == Endpoint.MsixOffset && ((changed >> 16) & MsixControlBits) != 0)
            || (register == Endpoint.PcieOffset + PcieRegister.DeviceControl && (value & Mask(enables) & PcieRegister.DeviceControlInitiateFlr) != 0);
    }

    /// <summary>A completed type 0 write: it also tells the function its RID (PCIe 5.0 §2.2.6.2).</summary>
    public ConfigEffect Write(Rid target, int register, uint value, int enables)
    {
        Endpoint.CaptureRid(target);
        var change = Endpoint.Write(register, value, enables);
        var effect = ConfigEffect.None;
        if (change.Changed16(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable))
        {
            effect |= ConfigEffect.BusMaster;
        }

        if (Endpoint.MsixOffset != 0 && change.Changed16(Endpoint.MsixOffset + MessageControl, MsixControlBits))
        {
            effect |= ConfigEffect.MsixControl;
        }

        if (Endpoint.Description.FlrCapable && change.WroteOnes16(Endpoint.PcieOffset + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr))
        {
            effect |= ConfigEffect.FunctionLevelReset;
        }

        return effect;
    }

    /// <summary>Is this register part of a vendor-specific capability? Then where it is on the device. The first DW (ID, next, length) is ours.</summary>
    public bool TryMapVendor(int register, out int real)
    {
        foreach (var (at, offset, bytes) in _vendor)
        {
            if (register >= at + 4 && register < at + bytes)
            {
                real = register - at + offset;
                return true;
            }
        }

        real = 0;
        return false;
    }

    /// <summary>How a host bridge gives back what the host wrote here, if it holds the function as one of the generations since this one.</summary>
    /// <param name="since">The generation.</param>
    /// <param name="continuity">As the device says.</param>
    public ResumeOffer OfferSince(ulong since, ulong continuity)
    {
        var d = Endpoint.Description;
        var bar = d.Bars.FirstOrDefault(b => b.Index == d.MsixTable.Bar);
        return new ResumeOffer(
            since, ConfigIdentity.With(_identity, continuity), d.MsixTable.Offset, (ushort)Endpoint.MsixVectors,
            (byte)Endpoint.MsixOffset, (byte)Endpoint.PcieOffset,
            (byte)Endpoint.Space.FindCapability(CapabilityId.PowerManagement), (byte)d.MsixTable.Bar, bar.Is64Bit);
    }

    /// <summary>As after power-on: for a new owner.</summary>
    public void Reset() => Endpoint.Reset();

    public void FunctionLevelReset() => Endpoint.FunctionLevelReset();

    private static uint Mask(int enables)
    {
        uint mask = 0;
        for (var i = 0; i < 4; i++)
        {
            mask |= (enables & (1 << i)) != 0 ? 0xFFU << (8 * i) : 0;
        }

        return mask;
    }
}
