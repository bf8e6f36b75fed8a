using System.CommandLine;
using ExpEther.Cli.Output;

namespace ExpEther.Cli.Commands;

internal static class ListCommand
{
    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        var command = new Command("ls", "List an I/O box's functions and hosts, or a host's slots and disks, or a switch's ports.") { socket };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await ConnectAsync(parsed.GetValue(socket), cancel);
            var result = await client.CallAsync("ls", cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text(result.Cell("kind") switch
                {
                    "io" => OfBox(result),
                    "host" => OfHosts(result),
                    _ => OfSwitch(result),
                });
            }

            return ExitCode.Ok;
        });
        return (command, """
              expether ls
              expether ls --json
              expether ls --socket /run/expether/host-host1.sock
            """);
    }

    /// <summary>The I/O box is meant unless only a host or a switch runs here.</summary>
    private static async Task<Daemon.Control.ControlClient> ConnectAsync(string? socket, CancellationToken cancel)
    {
        if (socket is null)
        {
            try
            {
                return await SharedOptions.ConnectAsync(null, cancel, "io");
            }
            catch (Daemon.Control.ControlException) when (Daemon.Control.ControlPaths.Existing("io").Count == 0)
            {
                return await SharedOptions.ConnectAsync(null, cancel, "host", "switch");
            }
        }

        return await SharedOptions.ConnectAsync(socket, cancel, "io");
    }

    private static string OfBox(System.Text.Json.Nodes.JsonObject box)
    {
        var functions = new TextTable("FUNCTION", "STATE", "OWNER", "VLAN", "GENERATION", "VF_IO", "VF_H", "HOST_IO", "HOST_H", "MEM_IO", "MEM_H");
        foreach (var f in box.Objects("functions"))
        {
            functions.Add(
                f.Cell("name"), f.Cell("state"), f.Cell("owner"), f.Cell("vlan"), f.Cell("generation"), f.Cell("vfIo"), f.Cell("vfH"),
                f.Cell("hostIo"), f.Cell("hostH"), f.Cell("memIo"), f.Cell("memH"));
        }

        var hosts = new TextTable("HOST", "VLAN", "MAC", "LINK", "MTU", "PAYLOAD", "ANNOUNCED", "FUNCTIONS");
        foreach (var h in box.Objects("hosts"))
        {
            hosts.Add(
                h.Cell("name"), h.Cell("vlan"), h.Cell("mac"), h.Cell("link"), h.Cell("mtuBytes"), h.Cell("maxPayloadBytes"), h.Cell("announced"),
                h.Cell("functions"));
        }

        var text = $"{functions}\n\n{hosts}";
        foreach (var f in box.Objects("functions").Where(f => f["note"] is not null))
        {
            text += $"\n\n{f.Cell("name")}: {f.Cell("note")}";
        }

        foreach (var f in box.Objects("functions").Where(f => f["followsGuest"] is not null))
        {
            text += $"\n\n{f.Cell("name")}: the guest {f.Cell("followsGuest")} of {f.Cell("owner")} migrates, "
                + "and the function goes to the host at which it arrives";
        }

        foreach (var f in box.Objects("functions").Where(f => f["givenNamespaces"] is System.Text.Json.Nodes.JsonArray { Count: > 0 }))
        {
            text += $"\n\n{f.Cell("name")}: namespace {f.Cell("givenNamespaces")} was given to it: see expether namespace ls {f.Cell("device")}";
        }

        text += box["trouble"] is null ? "" : $"\n\n{box.Cell("name")}: {box.Cell("trouble")}";
        foreach (var d in box.Objects("devices").Where(d => d["trouble"] is not null))
        {
            text += $"\n\n{d.Cell("name")}: {d.Cell("trouble")}";
        }

        foreach (var h in box.Objects("hosts"))
        {
            text += Trouble(h, h.Cell("name"));
        }

        var strangers = new TextTable("NOT CONFIGURED", "VLAN", "MAC");
        foreach (var h in box.Objects("discovered"))
        {
            strangers.Add(h.Cell("name"), h.Cell("vlan"), h.Cell("mac"));
        }

        return box.Objects("discovered").Any() ? $"{text}\n\n{strangers}" : text;
    }

    private static string OfHosts(System.Text.Json.Nodes.JsonObject daemon)
    {
        var slots = new TextTable("HOST", "VLAN", "SLOT", "STATE", "FUNCTION", "BOX", "BDF", "DISK", "SIZE", "GENERATION");
        var guests = new TextTable("HOST", "SLOT", "IN QEMU", "DEVICE", "BDF IN GUEST", "INTERRUPTS");
        var troubles = "";
        foreach (var h in daemon.Objects("hosts"))
        {
            foreach (var s in h.Objects("slots"))
            {
                slots.Add(
                    h.Cell("name"), h.Cell("vlan"), s.Cell("slot"), s.Cell("state"),
                    s["keptFor"] is System.Text.Json.Nodes.JsonObject kept ? $"({kept.Cell("function")})" : s.Cell("function"),
                    s.Cell("box"), s.Cell("bdf"), s.Cell("disk"),
                    s["bytes"] is null ? "-" : JsonText.Size(s.Count("bytes")), s.Cell("generation"));
                if (s["twin"] is not null)
                {
                    troubles += $"\n\n{h.Cell("name")} slot {s.Cell("slot")}: {s.Cell("disk")} has the serial number of {s.Cell("twin")}, "
                        + "which is another disk, and programs that go by it may take one for the other: give one of the devices another 'serial' at its box";
                }

                if (s["guest"] is System.Text.Json.Nodes.JsonObject g)
                {
                    var reason = g["interruptsReason"] is null ? "" : $": {g.Cell("interruptsReason")}";
                    guests.Add(h.Cell("name"), s.Cell("slot"), g.Cell("state"), g.Cell("device"), g.Cell("bdf"), g.Cell("interrupts") + reason);
                    foreach (var trouble in g["troubles"]!.AsArray())
                    {
                        troubles += $"\n\n{h.Cell("name")} slot {s.Cell("slot")}: {trouble}";
                    }
                }
            }

        }

        var guestTable = daemon.Objects("hosts").Any(h => h["qemu"] is not null) ? $"\n\n{guests}" : "";
        var links = new TextTable("HOST", "BOX", "MAC", "LINK", "MTU", "PAYLOAD");
        var text = "";
        foreach (var h in daemon.Objects("hosts"))
        {
            foreach (var b in h.Objects("boxes"))
            {
                links.Add(h.Cell("name"), b.Cell("name"), b.Cell("mac"), b.Cell("link"), b.Cell("mtuBytes"), b.Cell("maxPayloadBytes"));
            }

            text += Trouble(h, h.Cell("name"));
            foreach (var box in h.Objects("boxes").Concat(h.Objects("misfits")))
            {
                text += Trouble(box, $"box {box.Cell("mac")} and {h.Cell("name")}");
            }
        }

        return (daemon.Objects("hosts").Any(h => h.Objects("boxes").Any()) ? $"{slots}{guestTable}\n\n{links}" : $"{slots}{guestTable}") + troubles + text;
    }

    private static string Trouble(System.Text.Json.Nodes.JsonObject peer, string name) => peer.Cell("trouble") switch
    {
        "failed" => $"\n\n{name}: failed by a bug and is fenced until this daemon restarts; its log has the stack.",
        "sealDiffers" => $"\n\n{name}: no link comes up, since one end seals and the other does not: write the same [link] seal at both.",
        "versionDiffers" => $"\n\n{name}: no link comes up, since its links speak another version: run the same release of ExpEther at both ends.",
        "keyDiffers" => $"\n\n{name}: no link comes up, since the key is another at each end: compare key or keyFile.",
        "duplicate" => $"\n\n{name}: a second station has this identity, the link of the first goes on: give one another name or mac.",
        "oursIsTaken" => $"\n\n{name}: another station has the same identity at this end: give one of the two another name or mac.",
        "nameTaken" => $"\n\n{name}: another box that is linked has the same name: give each box a name of its own.",
        "noAnswer" => $"\n\n{name}: announces itself but does not answer, and no link comes up: compare key or keyFile of both ends, "
            + "and see whether another station has the same name or mac.",
        _ => "",
    };

    private static string OfSwitch(System.Text.Json.Nodes.JsonObject daemon)
    {
        var troubles = "";
        var ports = new TextTable("PORT", "MODE", "FAULT", "RECEIVED", "SENT", "DROPPED");
        foreach (var p in daemon.Objects("ports"))
        {
            ports.Add(p.Cell("name"), p.Cell("mode"), p.Cell("fault"), p.Cell("received"), p.Cell("sent"), p.Cell("dropped"));
            if (p.Count("stationMovesRefused") > 0)
            {
                troubles += $"\n\nport {p.Cell("name")}: {p.Cell("stationMovesRefused")} frames came with the address of a station that is alive elsewhere: "
                    + "two have one MAC, or one is forged; give each bridge a name or mac of its own.";
            }
        }

        return ports + troubles;
    }
}
