using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Swap;

/// <summary>The walk for people (plain or Markdown) and for programs.</summary>
internal static class SwapText
{
    private const int PayloadBytesShown = 16;

    public static string Plain(IReadOnlyList<SwapStep> steps) => string.Join(
        "\n\n", steps.Select(step => $"{Head(step)}\n\n{Indent(Bytes(step))}\n\n{Indent(Fields(step))}"));

    public static string Markdown(IReadOnlyList<SwapStep> steps) => string.Join(
        "\n\n", steps.Select(step => $"### {Head(step)}\n\n```\n{Bytes(step)}\n```\n\n{FieldTable(step)}"));

    public static JsonObject Json(IReadOnlyList<SwapStep> steps) => new()
    {
        ["steps"] = new JsonArray([.. steps.Select(step => (JsonNode)new JsonObject
        {
            ["row"] = step.Row,
            ["title"] = step.Title,
            ["direction"] = step.HostSide.Direction == TlpDirection.ToDevice ? "toDevice" : "toHost",
            ["vlan"] = step.HostSide.Vlan.Value,
            ["generation"] = step.HostSide.Generation,
            ["hostSide"] = Convert.ToHexStringLower(step.HostSide.Bytes),
            ["deviceSide"] = Convert.ToHexStringLower(step.DeviceSide.Bytes),
            ["fields"] = new JsonArray([.. Rows(step).Select(row => (JsonNode)new JsonObject
            {
                ["name"] = row.Name, ["hostSide"] = row.Host, ["deviceSide"] = row.Device, ["swapped"] = row.Host != row.Device,
            })]),
        })]),
    };

    private static string Head(SwapStep step) => $"Row {step.Row}: {step.Title}";

    /// <summary>Both sides as hexadecimal digits, a DW at a time; below, where the one that came second is another.</summary>
    private static string Bytes(SwapStep step)
    {
        var toDevice = step.HostSide.Direction == TlpDirection.ToDevice;
        var (first, second) = toDevice ? (step.HostSide.Bytes, step.DeviceSide.Bytes) : (step.DeviceSide.Bytes, step.HostSide.Bytes);
        var (firstName, secondName) = toDevice ? ("host side  ", "device side") : ("device side", "host side  ");
        return $"{firstName}  {Hex(first)}\n{secondName}  {Hex(second)}\n{new string(' ', firstName.Length)}  {Marks(first, second)}".TrimEnd();
    }

    private static string Hex(byte[] tlp)
    {
        var header = HeaderBytes(tlp);
        var shown = Math.Min(tlp.Length, header + PayloadBytesShown);
        var text = new StringBuilder();
        for (var i = 0; i < shown; i++)
        {
            text.Append(i == 0 ? "" : i == header ? " || " : i % 4 == 0 ? " | " : " ").Append(CultureInfo.InvariantCulture, $"{tlp[i]:x2}");
        }

        return shown < tlp.Length ? $"{text} ... {tlp.Length - shown} more" : text.ToString();
    }

    private static string Marks(byte[] first, byte[] second)
    {
        var header = HeaderBytes(second);
        var isSameForm = HeaderBytes(first) == header;
        var text = new StringBuilder();
        for (var i = 0; i < header; i++)
        {
            // Where the header became longer or shorter, all of the address is another.
            var isOther = i >= 8 && !isSameForm ? second[i] != 0 || i >= 12 : first[i] != second[i];
            text.Append(i == 0 ? "" : i % 4 == 0 ? "   " : " ").Append(isOther ? "^^" : "  ");
        }

        return text.ToString();
    }

    private static int HeaderBytes(byte[] tlp) => (tlp[0] & 0x20) != 0 ? 16 : 12;

    private static string Fields(SwapStep step)
    {
        var table = new Output.TextTable("FIELD", "HOST SIDE", "DEVICE SIDE", "");
        foreach (var (name, host, device, meaning) in Rows(step))
        {
            table.Add(name, host, device, host == device ? "stays" : meaning);
        }

        return table.ToString();
    }

    private static string FieldTable(SwapStep step)
    {
        var text = new StringBuilder("| field | host side | device side | |\n|---|---|---|---|\n");
        foreach (var (name, host, device, meaning) in Rows(step))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | `{host}` | `{device}` | {(host == device ? "stays" : $"**{meaning}**")} |\n");
        }

        return text.ToString().TrimEnd();
    }

    private static List<(string Name, string Host, string Device, string Meaning)> Rows(SwapStep step)
    {
        Check.That(TlpView.TryParse(step.HostSide.Bytes, out var host) == TlpError.None);
        Check.That(TlpView.TryParse(step.DeviceSide.Bytes, out var device) == TlpError.None);
        var isHostAsking = host.IsCompletion == (step.HostSide.Direction == TlpDirection.ToHost);
        var hostIds = "Host_H = Host_IO";
        var functionIds = "VF_H = VF_IO";
        var rows = new List<(string, string, string, string)>
        {
            ("Fmt", Form(host), Form(device), "the address crossed 4 GB"),
            ("Requester ID", $"{host.Requester}", $"{device.Requester}", isHostAsking ? hostIds : functionIds),
        };
        if (host.IsCompletion)
        {
            rows.Add(("Completer ID", $"{host.Completer}", $"{device.Completer}", isHostAsking ? functionIds : hostIds));
            rows.Add(("Byte Count", $"{host.ByteCount}", $"{device.ByteCount}", ""));
        }
        else
        {
            rows.Add(("Address", $"0x{host.Address:x}", $"0x{device.Address:x}", "Mem_H = Mem_IO"));
        }

        rows.Add(("Tag", $"{host.Tag.Value}", $"{device.Tag.Value}", ""));
        rows.Add(("Length", $"{host.LengthDw} DW", $"{device.LengthDw} DW", ""));
        return rows;
    }

    private static string Form(in TlpView tlp) => $"{tlp.Kind}, {(HeaderBytes(tlp.Bytes.ToArray()) == 16 ? 4 : 3)} DW header";

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => line.Length > 0 ? "  " + line : line));
}
