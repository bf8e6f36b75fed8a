using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Capture;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

internal static class CaptureCommand
{
    private const string ReaderGone = "reader-gone";

    private static readonly Option<string> Socket = SharedOptions.Socket();
    private static readonly Option<string> Output = new("--output")
    {
        Description = "The pcapng file; - is stdout, for a pipe to Wireshark.", HelpName = "FILE", Required = true,
    };
    private static readonly Option<string> Function = new("--function") { Description = "Only this function's TLPs.", HelpName = "NAME" };
    private static readonly Option<string> Host = new("--host") { Description = "Only this host's frames and TLPs.", HelpName = "NAME" };
    private static readonly Option<string> Kind = new("--kind")
    {
        Description = "Only these TLPs: MRd, MWr, CfgRd, CfgWr, Cpl, Msg, Atomic; several with commas.", HelpName = "KINDS",
    };
    private static readonly Option<string> Interfaces = new("--interfaces")
    {
        Description = "Of frames, host (TLPs as the host sees them), device (as the device sees them); several with commas. "
            + "Default: all; host,device with --function or --kind.",
        HelpName = "LIST",
    };

    private static readonly Option<int> MaxMib = new("--max-mib") { Description = "Size of a file.", HelpName = "N", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Files = new("--files")
    {
        Description = "How many files to keep, the newest; with 1 the capture ends when it is full.", HelpName = "N", DefaultValueFactory = _ => 1,
    };
    private static readonly Option<double?> Seconds = new("--seconds") { Description = "End after this time. Default: Ctrl-C ends it.", HelpName = "N" };

    public static (Command, string) Build()
    {
        MaxMib.Validators.Add(result => Check(result, MaxMib, 1, 1 << 20));
        Files.Validators.Add(result => Check(result, Files, 1, 10_000));
        Seconds.Validators.Add(result =>
        {
            if (result.GetValue(Seconds) is <= 0 or > 1e6)
            {
                result.AddError("--seconds: from more than 0 to 1000000");
            }
        });
        var command = new Command(
            "capture", "Record a daemon's frames, and TLPs before and after the swap, as pcapng for Wireshark (tools/wireshark/expether.lua).")
        {
            Output, Socket, Interfaces, Host, Function, Kind, MaxMib, Files, Seconds,
        };
        command.SetAction(RunAsync);
        return (command, """
              expether capture --output run.pcapng                       all, until Ctrl-C or 64 MiB
              expether capture --output run.pcapng --function disk1 --kind MRd,Cpl --seconds 10
              expether capture --output run.pcapng --max-mib 16 --files 4   the newest 64 MiB
              expether capture --output - | wireshark -X lua_script:tools/wireshark/expether.lua -k -i -

            The file shows what passes in clear, also where links are sealed; only its owner may read it.
            """);
    }

    private static void Check(System.CommandLine.Parsing.OptionResult result, Option<int> option, int min, int max)
    {
        if (result.GetValue(option) is var value && (value < min || value > max))
        {
            result.AddError($"{option.Name} {value}: from {min} to {max}");
        }
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var screen = parsed.Screen();
        var path = parsed.GetValue(Output)!;
        if (path == "-" && screen.IsJson)
        {
            throw new ControlException(ControlErrorCode.BadArgument, "with --json stdout is for the result", "name a file by --output FILE");
        }

        var arguments = new JsonObject();
        foreach (var (name, option) in new[] { ("interfaces", Interfaces), ("host", Host), ("function", Function), ("kind", Kind) })
        {
            if (parsed.GetValue(option) is { } value)
            {
                arguments[name] = value;
            }
        }

        var run = new CaptureRun(parsed.GetValue(Socket));
        using var files = new CaptureFiles(path, (long)parsed.GetValue(MaxMib) << 20, parsed.GetValue(Files));
        await using var stdout = path == "-" ? StandardStream.Output() : null;
        using var watch = stdout is null ? null : new ReaderWatch(() => run.End(ReaderGone));
        var result = await run.RunAsync(
            arguments, parsed.GetValue(Seconds),
            data => Write(data, stdout, files, run),
            () => Console.Error.WriteLine($"capturing to {(stdout is null ? path : "stdout")}{(parsed.GetValue(Seconds) is null ? "; Ctrl-C ends it" : "")}"),
            cancel);
        if (run.Reason == ReaderGone)
        {
            return ExitCode.OutputClosed;
        }

        var captured = result["captured"] as JsonObject ?? [];
        var dropped = result["dropped"] as JsonObject ?? [];
        if (screen.IsJson)
        {
            result["ended"] = run.Reason;
            result["written"] = files.Packets;
            result["files"] = new JsonArray([.. files.Names.Select(name => (JsonNode)Path.GetFullPath(name))]);
            screen.Json(result);
        }
        else
        {
            await Console.Error.WriteLineAsync(
                $"captured {string.Join(", ", captured.Select(c => $"{c.Key} {captured.Count(c.Key)}"))}; dropped {dropped.Sum(d => dropped.Count(d.Key))}"
                + (run.Reason == "full" ? $"; the file is full, {captured.Sum(c => captured.Count(c.Key)) - files.Packets} packets are not in it" : ""));
        }

        return ExitCode.Ok;
    }

    private static void Write(ReadOnlyMemory<byte> data, Stream? stdout, CaptureFiles files, CaptureRun run)
    {
        if (stdout is null)
        {
            files.Write(data.Span);
            if (files.IsFull)
            {
                run.End("full");
            }

            return;
        }

        try
        {
            stdout.Write(data.Span);
        }
        catch (OutputFailure e) when (e.IsReaderGone)
        {
            run.End(ReaderGone); // what the daemon still sends is read and thrown away
        }
    }
}
