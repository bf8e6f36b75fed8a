using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Lab;

/// <summary>How a laboratory is: its processes, what the I/O box says of its functions, and what every guest says of itself, asked all at once.</summary>
internal static class LabSurvey
{
    /// <exception cref="LabFailure">It is not up.</exception>
    public static async Task<JsonObject> MakeAsync(LabPlace folder, CancellationToken cancel)
    {
        var state = LabState.OfRunning(folder);
        var parts = await LabLaunch.CallAsync(folder, "parts", [], cancel);
        var guests = await Task.WhenAll(state.Guests.Select(g => AskAsync(g, cancel)));
        var box = await BoxAsync(folder, cancel);
        var functions = box.Objects("functions").Select(f => (JsonNode)new JsonObject
        {
            ["name"] = f["name"]?.DeepClone(), ["state"] = f["state"]?.DeepClone(), ["owner"] = f["owner"]?.DeepClone(),
            ["vfH"] = f["vfH"]?.DeepClone(), ["vfIo"] = f["vfIo"]?.DeepClone(),
        });
        return new JsonObject
        {
            ["dir"] = folder.Path, ["supervisor"] = state.Supervisor.Pid, ["transport"] = state.Transport, ["accel"] = state.Accel,
            ["guests"] = new JsonArray([.. guests]),
            ["functions"] = new JsonArray([.. functions]),
            ["hosts"] = new JsonArray([.. box.Objects("hosts").Select(h => (JsonNode)new JsonObject
            {
                ["name"] = h["name"]?.DeepClone(), ["vlan"] = h["vlan"]?.DeepClone(), ["link"] = h["link"]?.DeepClone(),
            })]),
            ["processes"] = parts["parts"]!.DeepClone(),
        };
    }

    /// <summary>As tables.</summary>
    public static string Describe(JsonObject survey)
    {
        var functions = survey.Objects("functions").ToList();
        var guests = new TextTable("GUEST", "READY", "KERNEL", "UPTIME", "VLAN", "LINK", "FUNCTIONS", "BOOT", "PLUG");
        foreach (var g in survey.Objects("guests"))
        {
            var name = g.Cell("name");
            guests.Add(
                name, g.Cell("ready"), g.Cell("kernel"), g["uptimeSeconds"] is null ? "-" : $"{g.Cell("uptimeSeconds")} s", g.Cell("vlan"),
                survey.Objects("hosts").FirstOrDefault(h => h.Cell("name") == name)?.Cell("link") ?? "-",
                string.Join(",", functions.Where(f => f.Cell("owner") == name).Select(f => f.Cell("name")).DefaultIfEmpty("-")),
                $"{g.Cell("bootMs")} ms", $"{g.Cell("plugMs")} ms");
        }

        var parts = new TextTable("PROCESS", "OF", "IS", "PID", "STATE");
        foreach (var p in survey.Objects("processes"))
        {
            parts.Add(
                p.Cell("name"), p.Cell("node"), p.Cell("role"), p.Cell("pid"),
                p["exitCode"] is null ? "runs" : $"ended, exit code {p.Cell("exitCode")}: {p.Cell("lastWords")}");
        }

        var free = functions.Where(f => f.Cell("owner") == "-").Select(f => f.Cell("name")).ToList();
        var text = $"{survey.Cell("dir")}: up, supervisor pid {survey.Cell("supervisor")}, {survey.Cell("transport")}, {survey.Cell("accel")}\n\n"
            + $"{guests}\n\n{parts}";
        text += free.Count > 0 ? $"\n\nFree functions: {string.Join(", ", free)}" : "";
        foreach (var g in survey.Objects("guests"))
        {
            text += g["trouble"] is null
                ? $"\n\n{g.Cell("name")}# lspci\n{g.Cell("lspci")}\n{g.Cell("name")}# nvme list\n{g.Cell("nvme")}"
                : $"\n\n{g.Cell("name")}: {g.Cell("trouble")}";
        }

        return text;
    }

    private static async Task<JsonObject> AskAsync(LabGuest guest, CancellationToken cancel)
    {
        var told = new JsonObject
        {
            ["name"] = guest.Name, ["vlan"] = guest.Vlan, ["bootMs"] = guest.BootMilliseconds, ["plugMs"] = guest.PlugMilliseconds, ["ready"] = false,
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(GuestLimits.AnswerSeconds));
        try
        {
            using var shell = await GuestShell.ConnectAsync(guest.Name, guest.ShellSocket, limit.Token);
            var first = (await shell.AskAsync("uname -r; cat /proc/uptime", limit.Token)).Output.Split('\n');
            told["kernel"] = first[0];
            told["uptimeSeconds"] = double.Parse(first[1].Split(' ')[0], CultureInfo.InvariantCulture);
            told["lspci"] = (await shell.AskAsync("lspci", limit.Token)).Output.TrimEnd();
            told["nvme"] = (await shell.AskAsync("nvme list", limit.Token)).Output.TrimEnd();
            told["ready"] = true;
        }
        catch (LabFailure e)
        {
            told["trouble"] = e.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            told["trouble"] = $"does not answer within {GuestLimits.AnswerSeconds} s: it boots, it hangs, or `expether lab exec` works there";
        }

        return told;
    }

    /// <summary>Empty while the I/O box is dead: the rest is worth telling.</summary>
    private static async Task<JsonObject> BoxAsync(LabPlace folder, CancellationToken cancel)
    {
        try
        {
            using var client = await ControlClient.ConnectAsync(folder.SocketOf("io"), cancel);
            return await client.CallAsync("ls", cancel: cancel);
        }
        catch (ControlException)
        {
            return [];
        }
    }
}
