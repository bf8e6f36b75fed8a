using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class LabFaultCommand
{
    public static Command Build()
    {
        var folder = LabCommand.Directory();
        var node = new Argument<string>("node") { Description = "io, a guest's name, or for cables all." };
        var faults = new FaultOptions();
        var kill = new Option<string?>("--kill")
        {
            Description = "kill -9: a guest's QEMU, a guest's host bridge, the I/O box, or the switch.", HelpName = "guest|host|io|switch",
        };
        kill.AcceptOnlyFromAmong("guest", "host", "io", "switch");
        var restart = new Option<bool>("--restart") { Description = "Start again what was killed of the node, or ended by itself." };
        var reset = new Option<bool>("--reset") { Description = "Press the guest's reset button." };
        var command = new Command("fault", "Break and mend things: cables, guests, host bridges, the I/O box.") { folder, node, kill, restart, reset };
        faults.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var place = LabFolder.Of(parsed.GetValue(folder));
            var state = LabState.OfRunning(place);
            var name = parsed.GetRequiredValue(node);
            var cable = faults.Of(parsed, name);
            (string Command, JsonObject Arguments)[] calls =
            [
                .. parsed.GetValue(kill) is { } what ? [("kill", new JsonObject { ["node"] = name, ["what"] = what })] : ((string, JsonObject)[])[],
                .. parsed.GetValue(restart) ? [("restart", new JsonObject { ["node"] = name })] : ((string, JsonObject)[])[],
                .. parsed.GetValue(reset) ? [("reset", new JsonObject { ["node"] = state.Guest(name).Name })] : ((string, JsonObject)[])[],
            ];
            if (calls.Length + (cable is null ? 0 : 1) != 1)
            {
                throw new LabFailure(
                    "bad-argument", calls.Length == 0 ? "no fault is named" : "one kind of fault at a time",
                    $"write {FaultOptions.Names}, or one of --kill WHAT, --restart and --reset");
            }

            if (cable is not null)
            {
                string[] ports = ["io", .. state.Guests.Select(g => g.Name)];
                if (name != "all" && !ports.Contains(name))
                {
                    throw new LabFailure("no-such-guest", $"no cable leads to {name}", $"cables lead to {string.Join(", ", ports)}; or write all");
                }

                using var hub = await ControlClient.ConnectAsync(place.SocketOf("switch"), cancel);
                FaultOptions.Show(screen, await hub.CallAsync("fault", cable, cancel: cancel));
                return ExitCode.Ok;
            }

            var result = await LabLaunch.CallAsync(place, calls[0].Command, calls[0].Arguments, cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text(string.Join("; ", result.Select(done => $"{done.Key} {result.Cell(done.Key)}")));
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
