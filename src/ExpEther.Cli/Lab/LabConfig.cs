using System.Globalization;
using System.Text;
using ExpEther.Cli.Guests;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Lab;

/// <summary>The laboratory's configuration files: the same keys a user writes.</summary>
internal static class LabConfig
{
    public const string Device = "disk1";

    private const string Box = "io";

    private const int ReleaseTimeoutMs = 15_000;

    public static string OfBox(string port, LabPlace folder, int vfs, IReadOnlyList<(string Name, int Vlan, string Key)> hosts)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"# The laboratory's I/O box.\nname = \"{Box}\"\nstateDirectory = \"{folder.In("state")}\"\nreleaseTimeoutMs = {ReleaseTimeoutMs}\n\n"
            + $"[port]\n{port}\n");
        foreach (var host in hosts)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\n[[host]]\nname = \"{host.Name}\"\nvlan = {host.Vlan}\npairKey = \"{KeyMaterial.PairHex(host.Key, Box)}\"\n");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"\n[[device]]\nname = \"{Device}\"\nserial = \"LAB\"\nvfs = {vfs}\n\n[device.pool]\nfile = '{folder.In("pool.img")}'\n");
        return text.ToString();
    }

    /// <summary>A host bridge for a virtual machine.</summary>
    public static string OfGuestHost(string port, string state, (string Name, int Vlan, string Key) host, GuestOptions guest) => string.Create(
        CultureInfo.InvariantCulture,
        $"# The host bridge of {host.Name}.\nstateDirectory = \"{state}\"\n\n[port]\n{port}\n\n"
        + $"[[host]]\nname = \"{host.Name}\"\nvlan = {host.Vlan}\nkey = \"{host.Key}\"\n{guest.HostTable}");
}
