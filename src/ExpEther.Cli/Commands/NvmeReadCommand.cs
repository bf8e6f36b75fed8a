using System.CommandLine;
using System.Security.Cryptography;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class NvmeReadCommand
{
    public static Command Build()
    {
        var options = new NvmeOptions();
        var output = new Option<string>("--output") { Description = "Where to write; default: stdout. Needed with --json.", HelpName = "FILE" };
        var command = new Command("read", "Read a range of a disk to stdout or a file.");
        options.AddRangeTo(command);
        command.Add(output);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var path = parsed.GetValue(output);
            if (path is null && screen.IsJson)
            {
                throw new ControlException(ControlErrorCode.BadArgument, "with --json stdout is for the result", "name a file by --output FILE");
            }

            using var client = await options.ConnectAsync(parsed, cancel);
            var range = await options.RangeAsync(parsed, client, cancel);
            var progress = new TransferProgress("read");
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using Stream into = path is null ? StandardStream.Output() : File.Create(path);
            var bytes = 0L;
            var result = await client.CallAsync(
                "nvme.read", range, progress.Update,
                async data =>
                {
                    bytes += data.Length;
                    hash.AppendData(data.Span);
                    await into.WriteAsync(data, cancel);
                },
                cancel: cancel);
            await into.FlushAsync(cancel);
            progress.Done(bytes);
            if (screen.IsJson)
            {
                result["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset());
                result["output"] = Path.GetFullPath(path!);
                screen.Json(result);
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
