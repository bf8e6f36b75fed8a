using System.Text.Json;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// What query-pci tells: buses with devices, bridges with the buses behind them. Only what the guest can reach by its bus numbers is in it, so
/// a device behind a port that the guest has not numbered is missing.
/// </summary>
internal static class PciTree
{
    /// <summary>Finds a device by its id, or as the one behind a port with this id.</summary>
    public static bool TryFind(JsonElement buses, string id, string port, out GuestDevice found)
    {
        foreach (var bus in buses.Items())
        {
            if (bus.TryGet("devices", JsonValueKind.Array, out var devices) && TryFindOn(devices, id, port, false, out found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    private static bool TryFindOn(JsonElement devices, string id, string port, bool isBehindPort, out GuestDevice found)
    {
        foreach (var device in devices.Items())
        {
            var name = device.TryGetText("qdev_id", out var text) ? text : "";
            if ((isBehindPort || name == id) && TryRead(device, out found))
            {
                return true;
            }

            // The depth is bounded by that of the JSON that is accepted.
            if (device.TryGet("pci_bridge", JsonValueKind.Object, out var bridge) && bridge.TryGet("devices", JsonValueKind.Array, out var below)
                && TryFindOn(below, id, port, name == port, out found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    private static bool TryRead(JsonElement device, out GuestDevice found)
    {
        found = default;
        if (!device.TryGetNumber("bus", out var bus) || !device.TryGetNumber("slot", out var slot) || !device.TryGetNumber("function", out var function))
        {
            return false;
        }

        _ = device.TryGet("regions", JsonValueKind.Array, out var regions);
        var hasAddresses = regions.Items().Any(region => region.TryGetNumber("address", out var address) && address > 0);
        found = new GuestDevice((int)bus, (int)slot, (int)function, hasAddresses);
        return true;
    }
}
