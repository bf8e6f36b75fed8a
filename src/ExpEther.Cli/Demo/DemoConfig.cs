using System.Globalization;
using System.Text;
using ExpEther.Cli.Guests;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Demo;

/// <summary>The demo's configuration files: the same keys a user writes.</summary>
internal static class DemoConfig
{
    public static string OfBox(string port, string stateFolder, bool isSealed, IReadOnlyList<string> keys, DemoPlan plan)
    {
        var text = new StringBuilder(Common(plan.Nodes[0], port, stateFolder, isSealed))
            .Insert(0, $"name = \"{plan.Nodes[0]}\"\nreleaseTimeoutMs = {DemoLimits.ReleaseTimeoutMs}\n\n");
        for (var node = 1; node < plan.Nodes.Count; node++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\n[[host]]\nname = \"{plan.Nodes[node]}\"\nvlan = {DemoPlan.VlanOf(node)}\n"
                + $"pairKey = \"{KeyMaterial.PairHex(keys[node], plan.Nodes[0])}\"\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n[[device]]\nname = \"{DemoPlan.Device}\"\nserial = \"DEMO\"\nvfs = {plan.Vfs}\n");
        foreach (var shared in plan.Shared)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n[[device.namespace]]\nfile = '{shared.Backing}'\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n[device.pool]\nfile = '{plan.Pool}'\n");
        return text.ToString();
    }

    public static string OfHost(string port, string stateFolder, bool isSealed, string name, int vlan, string key) =>
        Common(name, port, stateFolder, isSealed) + string.Create(
            CultureInfo.InvariantCulture,
            $"\n[[host]]\nname = \"{name}\"\nvlan = {vlan}\nkey = \"{key}\"\nattentionDelayMs = {DemoLimits.AttentionDelayMs}\n");

    public static string OfGuestHost(string port, string stateFolder, bool isSealed, int vlan, string key, GuestOptions guest) =>
        Common(guest.Name, port, stateFolder, isSealed) + string.Create(
            CultureInfo.InvariantCulture, $"\n[[host]]\nname = \"{guest.Name}\"\nvlan = {vlan}\nkey = \"{key}\"\n{guest.HostTable}");

    private static string Common(string name, string port, string stateFolder, bool isSealed) =>
        $"# The demo's {name}.\nstateDirectory = \"{stateFolder}\"\n\n[port]\n{port}\n\n[link]\n"
        + $"seal = \"{(isSealed ? "on" : "off")}\"\nlinkDeadSeconds = {DemoLimits.LinkDeadSeconds}\n";
}
