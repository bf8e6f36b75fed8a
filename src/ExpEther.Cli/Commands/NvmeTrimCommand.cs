using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class NvmeTrimCommand
{
    public static Command Build()
    {
        var options = new NvmeOptions();
        var all = new Option<bool>("--all") { Description = "The whole namespace; needed where no range is given." };
        var command = new Command("trim", "Give a range of a disk back: its contents are no longer wanted, and are lost.");
        options.AddRangeTo(command);
        command.Add(all);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            if (options.HasRange(parsed) == parsed.GetValue(all))
            {
                throw parsed.GetValue(all)
                    ? new ControlException(ControlErrorCode.BadArgument, "--all is given, and a range too", "name one of them")
                    : new ControlException(
                        ControlErrorCode.BadArgument, "no range is given, and what is trimmed is lost",
                        "name a range by --offset and --bytes or --lba and --blocks, or say --all");
            }

            using var client = await options.ConnectAsync(parsed, cancel);
            var range = await options.RangeAsync(parsed, client, cancel);
            var progress = new TransferProgress("trimmed");
            var result = await client.CallAsync("nvme.trim", range, progress.Update, cancel: cancel);
            progress.Done(result.Count("bytes"));
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text(Describe(result));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static string Describe(JsonObject result) =>
        $"{result.Cell("disk")}: {result.Cell("bytes")} bytes from {result.Cell("offset")} are deallocated and "
        + (result.FlagOf("readsZeroes") == true ? "read as zeroes" : "may still read as they were");
}
