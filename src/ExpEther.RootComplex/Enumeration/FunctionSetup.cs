using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>
/// What is set in every function once it has its addresses: payload size, size of read requests, error reporting, and for ports decoding
/// and bus mastering.
/// </summary>
internal static class FunctionSetup
{
    // What reads can bring is at most tags × Max_Read_Request_Size per round trip, and a round trip over Ethernet is long. Host memory
    // answers any read in completions of Max_Payload_Size, so the largest costs nobody anything.
    private const int MaxReadRequestBytes = 4096;

    private const ushort ErrorReporting =
        PcieRegister.DeviceControlCorrectableEnable | PcieRegister.DeviceControlNonFatalEnable | PcieRegister.DeviceControlFatalEnable
        | PcieRegister.DeviceControlUnsupportedRequestEnable;

    /// <summary>Sets up a node and everything below it, from the root down.</summary>
    public static async Task ApplyBelowAsync(IConfigAccess access, PciNode node, int maxPayloadBytes)
    {
        await ApplyAsync(access, node, Math.Min(maxPayloadBytes, node.Parent?.MaxPayloadBytes ?? int.MaxValue));
        foreach (var child in node.Children)
        {
            await ApplyBelowAsync(access, child, maxPayloadBytes);
        }
    }

    /// <param name="access">Configuration space.</param>
    /// <param name="node">The function.</param>
    /// <param name="pathPayloadBytes">The least Max_Payload_Size of the ports above: nothing sent up is larger than any port on its way
    /// takes (PCIe 5.0 §7.5.3.4).</param>
    public static async Task ApplyAsync(IConfigAccess access, PciNode node, int pathPayloadBytes)
    {
        var config = new FunctionConfig(access, node.Rid);
        if (node.Capabilities.PciExpress is var pcie and not 0)
        {
            node.MaxPayloadBytes = Math.Min(node.MaxPayloadSupportedBytes, pathPayloadBytes);
            var sizes = PayloadSize.ToField(node.MaxPayloadBytes) << 5;
            // Ports make no reads of their own: their field is read-only 0 (§7.5.3.4).
            sizes |= node.IsBridge ? 0 : PayloadSize.ToField(MaxReadRequestBytes) << 12;
            await config.Change16Async(
                pcie + PcieRegister.DeviceControl, PcieRegister.DeviceControlMaxPayloadMask | PcieRegister.DeviceControlMaxReadRequestMask,
                (ushort)(sizes | ErrorReporting));
        }

        // An endpoint decodes and masters only from when its driver says so.
        const ushort Access = ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable;
        await config.Change16Async(
            ConfigRegister.Command, Access, (ushort)(ConfigRegister.CommandSerrEnable | (node.IsBridge ? Access : 0)));
        if (node.IsBridge)
        {
            await config.Change16Async(ConfigRegister.BridgeControl, 0, ConfigRegister.BridgeControlSerrEnable);
        }
    }
}
