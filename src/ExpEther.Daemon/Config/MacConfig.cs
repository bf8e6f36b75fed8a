using System.Security.Cryptography;
using System.Text;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>
/// MAC addresses of bridges. One that the file does not give is derived from what both ends know (a host's name and VLAN, a box's
/// name), so that the I/O side finds a host by its name alone. Locally administered, unicast.
/// </summary>
public static class MacConfig
{
    public static MacAddress OfHost(string name, VlanId vlan) => Derive($"expether host\n{name}\n{vlan}");

    public static MacAddress OfBox(string name) => Derive($"expether io\n{name}");

    /// <summary>Of a box whose configuration gives it no name: two such boxes on two machines must not have one MAC.</summary>
    /// <param name="name">The name that it has then.</param>
    /// <param name="machine">What tells the machine from others; empty: nothing does.</param>
    public static MacAddress OfNamelessBox(string name, string machine) => machine.Length == 0 ? OfBox(name) : Derive($"expether io\n{name}\n{machine}");

    internal static MacAddress Read(ConfigSection section, MacAddress derived)
    {
        if (section.Text("mac", null, 17) is not { } text)
        {
            return derived;
        }

        if (MacAddress.TryParse(text, out var mac) && !mac.IsMulticast && mac.Value != 0)
        {
            return mac;
        }

        section.Wrong(
            "mac", $"\"{text}\" is not a unicast MAC address",
            $"write six pairs of hexadecimal digits like \"{derived}\", or leave it out: {derived} is derived");
        return derived;
    }

    private static MacAddress Derive(string from)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(from));
        hash[0] = (byte)((hash[0] & 0xFC) | 0x02);
        return MacAddress.Read(hash);
    }
}
