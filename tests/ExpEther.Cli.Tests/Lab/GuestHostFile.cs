using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>The configuration of a host daemon for one guest, vm1, whose slots are sockets in a folder; it meets no box.</summary>
internal static class GuestHostFile
{
    /// <param name="folder">Where the file and the sockets' folder are.</param>
    /// <param name="slots">How many slots the guest has.</param>
    /// <param name="sockets">The sockets' folder, by its name.</param>
    /// <returns>The file.</returns>
    public static string Write(LabFolder folder, int slots, string sockets = "slots") => folder.Write(
        "host.toml",
        $"""
        [port]
        kind = "udp"
        listen = "{LabWiring.FreeEndPoints(1)[0]}"
        [link]
        seal = "off"
        [[host]]
        name = "vm1"
        vlan = 101
        slots = {slots}
        [host.qemu]
        sockets = "{folder.File(sockets)}"
        """);
}
