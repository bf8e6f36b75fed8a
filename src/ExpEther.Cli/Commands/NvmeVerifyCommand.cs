using System.CommandLine;
using System.Security.Cryptography;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class NvmeVerifyCommand
{
    public static Command Build()
    {
        var options = new NvmeOptions();
        var sha256 = new Option<string>("--sha256") { Description = "What it must be. Without it (and --against) the hash is only printed.", HelpName = "HEX" };
        var against = new Option<string>("--against")
        {
            Description = "A file it must equal; - is stdin. The range is as long as the file unless given.", HelpName = "FILE",
        };
        var command = new Command("verify", "Read a range of a disk and check its SHA-256.");
        options.AddRangeTo(command);
        command.Add(sha256);
        command.Add(against);
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var expected = parsed.GetValue(sha256)?.Trim().ToUpperInvariant();
            if (expected is not null && (expected.Length != 64 || !expected.All(char.IsAsciiHexDigit) || parsed.GetValue(against) is not null))
            {
                throw new ControlException(
                    ControlErrorCode.BadArgument, "--sha256 is not 64 hexadecimal digits, or --against is given too", "name one of them");
            }

            using var client = await options.ConnectAsync(parsed, cancel);
            var range = await options.RangeAsync(parsed, client, cancel);
            if (parsed.GetValue(against) is { } file)
            {
                await using var from = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
                var (hashed, length) = await HashAsync(from, cancel);
                expected = hashed;
                range["bytes"] ??= length;
            }

            var progress = new TransferProgress("verified");
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var result = await client.CallAsync(
                "nvme.read", range, progress.Update,
                data =>
                {
                    hash.AppendData(data.Span);
                    return ValueTask.CompletedTask;
                },
                cancel: cancel);
            progress.Done(result.Count("bytes"));
            var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
            var isRight = expected is null || string.Equals(expected, actual, StringComparison.OrdinalIgnoreCase);
            if (screen.IsJson)
            {
                result["sha256"] = actual;
                result["sha256Expected"] = expected?.ToLowerInvariant();
                result["verified"] = expected is null ? null : isRight;
                screen.Json(result);
            }
            else
            {
                screen.Text(actual);
            }

            if (!isRight)
            {
                await Console.Error.WriteLineAsync($"expether: not verified: SHA-256 is {actual}, not {expected!.ToLowerInvariant()}");
            }

            return isRight ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<(string Hash, long Bytes)> HashAsync(Stream from, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        var bytes = 0L;
        int got;
        while ((got = await from.ReadAsync(buffer, cancel)) > 0)
        {
            hash.AppendData(buffer, 0, got);
            bytes += got;
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }
}
