namespace ExpEther.Pcie.Config;

/// <summary>Extended capabilities that are a few registers and no behaviour.</summary>
internal static class ExtendedCapabilities
{
    // Source validation, translation blocking, request and completion redirect, upstream forwarding: TLPs from a slot only go up, and
    // requester IDs are the bridge's own, so all five hold whether enabled or not.
    private const ushort PortAcs = 0b1_1111;

    /// <summary>Device Serial Number, an EUI-64 (PCIe 5.0 §7.9.3).</summary>
    public static void AddSerialNumber(ConfigSpace space, ulong serial)
    {
        var offset = space.AddExtendedCapability(ExtendedCapabilityId.DeviceSerialNumber, 1, 12);
        space.Set32(offset + 4, (uint)serial);
        space.Set32(offset + 8, (uint)(serial >> 32));
    }

    /// <summary>Alternative routing-ID interpretation (§7.8.8), without function groups.</summary>
    public static void AddAri(ConfigSpace space, byte nextFunction)
    {
        var offset = space.AddExtendedCapability(ExtendedCapabilityId.AlternativeRoutingId, 1, 8);
        space.Set8(offset + 5, nextFunction);
    }

    /// <summary>Access control of a multi-function endpoint whose functions do not reach each other: nothing to control (§7.7.8).</summary>
    public static void AddEndpointAcs(ConfigSpace space) => space.AddExtendedCapability(ExtendedCapabilityId.AccessControlServices, 1, 8);

    /// <summary>Access control of a root or downstream port (§7.7.8).</summary>
    public static void AddPortAcs(ConfigSpace space)
    {
        var offset = space.AddExtendedCapability(ExtendedCapabilityId.AccessControlServices, 1, 8);
        space.Set16(offset + 4, PortAcs);
        space.DefineRw16(offset + 6, PortAcs);
    }
}
