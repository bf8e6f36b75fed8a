using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>Programs a port's MSI capability (PCIe 5.0 §7.7.1) with one vector.</summary>
internal static class PortInterrupt
{
    private const ushort ControlEnable = 1 << 0;
    private const ushort ControlMultipleMessageEnable = 7 << 4;
    private const ushort Control64Bit = 1 << 7;

    /// <returns>False: the port has no MSI, or no vector is free; its slot is then looked at only now and then.</returns>
    public static async Task<bool> EnableAsync(PciNode node, PortServices host, Action handler)
    {
        var msi = node.Capabilities.Msi;
        if (msi == 0 || !host.Interrupts.TryAllocate(node.Rid, _ => handler(), 0, out var message))
        {
            host.Events.Report(EventSeverity.Error, host.Name, $"{node.Rid}: no interrupt for its hot-plug slot");
            return false;
        }

        var config = new FunctionConfig(host.Config, node.Rid);
        var control = await config.Read16Async(msi + 2);
        var data = msi + 8;
        await config.Write32Async(msi + 4, (uint)message.Address.Value);
        if ((control & Control64Bit) != 0)
        {
            await config.Write32Async(msi + 8, (uint)(message.Address.Value >> 32));
            data = msi + 12;
        }

        await config.Write16Async(data, (ushort)message.Data);
        await config.Write16Async(msi + 2, (ushort)((control & ~ControlMultipleMessageEnable) | ControlEnable));
        return true;
    }
}
