using System.CommandLine;
using ExpEther.Cli.Output;

namespace ExpEther.Cli.Commands;

internal static class NvmeWriteCommand
{
    public static Command Build()
    {
        var options = new NvmeOptions();
        var input = new Option<string>("--input") { Description = "What to write; default: stdin. Whole blocks.", HelpName = "FILE" };
        var command = new Command("write", "Write stdin or a file to a disk, and flush it.");
        options.AddRangeTo(command);
        command.Add(input);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await options.ConnectAsync(parsed, cancel);
            var range = await options.RangeAsync(parsed, client, cancel);
            var progress = new TransferProgress("wrote");
            await using var from = parsed.GetValue(input) is { } path ? File.OpenRead(path) : Console.OpenStandardInput();
            var result = await client.CallAsync("nvme.write", range, progress.Update, upload: from, cancel: cancel);
            progress.Done(result.Count("bytes"));
            if (screen.IsJson)
            {
                screen.Json(result);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
