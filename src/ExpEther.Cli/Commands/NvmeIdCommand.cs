using System.CommandLine;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class NvmeIdCommand
{
    public static Command Build()
    {
        var options = new NvmeOptions();
        var command = new Command("id", "Ask a disk what it is.");
        options.AddDiskTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await options.ConnectAsync(parsed, cancel);
            var id = await client.CallAsync("nvme.id", options.Disk(parsed), cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(id);
                return ExitCode.Ok;
            }

            ReadOnlySpan<string> names =
            [
                "host", "disk", "function", "bdf", "serial", "model", "firmware", "nvmeVersion", "vendorId", "queueDepth", "maxTransferBytes",
            ];
            foreach (var name in names)
            {
                screen.Text($"{name,-17} {id.Cell(name)}");
            }

            foreach (var space in id.Objects("namespaces"))
            {
                screen.Text(
                    $"{"namespace " + space.Cell("id"),-17} {JsonText.Size(space.Count("bytes"))} ({space.Cell("bytes")} bytes)"
                    + $", blocks of {space.Cell("blockBytes")} bytes"
                    + (space.FlagOf("readOnly") == true ? ", read-only" : ""));
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
