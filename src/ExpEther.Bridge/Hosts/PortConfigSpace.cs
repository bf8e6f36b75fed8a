using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>Answers configuration requests to one of the switch's own ports.</summary>
internal static class PortConfigSpace
{
    /// <param name="port">Whose registers.</param>
    /// <param name="request">Type 0, or type 1 that ends at this port; its target is the port.</param>
    /// <param name="upward">Where the completion goes.</param>
    /// <returns>True when it wrote.</returns>
    public static bool Answer(BridgePortConfig port, in TlpView request, UpwardQueue upward)
    {
        if (request.Kind is TlpKind.ConfigRead0 or TlpKind.ConfigRead1)
        {
            upward.Complete(Completion.To(request, port.Rid, CompletionStatus.SuccessfulCompletion), port.Read(request.ConfigRegister));
            return false;
        }

        // §2.2.6.2: every completed write tells the port its bus and device.
        port.CaptureRid(request.ConfigTarget);
        port.Write(request.ConfigRegister, request.ConfigValue, request.FirstByteEnables);
        upward.Complete(Completion.To(request, port.Rid, CompletionStatus.SuccessfulCompletion));
        return true;
    }

    public static BridgePortDescription Describe(PortType type, int number, int? slot, ulong serial, int maxPayloadBytes) => new()
    {
        PortType = type,
        VendorId = Identity.VendorId,
        DeviceId = type == PortType.UpstreamPort ? Identity.UpstreamDeviceId : Identity.DownstreamDeviceId,
        SubsystemVendorId = Identity.VendorId,
        SubsystemId = Identity.SubsystemId,
        RevisionId = 1,
        PortNumber = (byte)number,
        SlotNumber = slot,
        Serial = serial,
        MaxPayloadSupported = maxPayloadBytes,
    };

    /// <summary>
    /// What the switch calls itself: the switch that QEMU emulates (a TI XIO3130), so that a guest and an embedded host see the same.
    /// </summary>
    private static class Identity
    {
        public const ushort VendorId = 0x104C;
        public const ushort UpstreamDeviceId = 0x8232;
        public const ushort DownstreamDeviceId = 0x8233;
        public const ushort SubsystemId = 0x0001;
    }
}
