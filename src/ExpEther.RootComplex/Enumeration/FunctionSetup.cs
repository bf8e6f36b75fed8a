using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>What is set in every function once it has its addresses: payload size, error reporting, and for ports decoding and bus mastering.</summary>
internal static class FunctionSetup
{
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
    /// <param name="pathPayloadBytes">The least Max_Payload_Size of the ports above: nothing sent up is larger than any port on its way takes (PCIe 5.0 §7.5.3.4).</param>
    public static async Task ApplyAsync(IConfigAccess access, PciNode node, int pathPayloadBytes)
    {
        var config = new FunctionConfig(access, node.Rid);
        if (node.Capabilities.PciExpress is var pcie and not 0)
        {
            node.MaxPayloadBytes = Math.Min(node.MaxPayloadSupportedBytes, pathPayloadBytes);
            var payload = PayloadSize.ToField(node.MaxPayloadBytes) << 5;
            await config.Change16Async(
                pcie + PcieRegister.DeviceControl, PcieRegister.DeviceControlMaxPayloadMask, (ushort)(payload | ErrorReporting));
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
