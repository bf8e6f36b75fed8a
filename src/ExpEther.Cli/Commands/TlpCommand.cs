using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Swap;
using ExpEther.Cli.Tlps;
using ExpEther.Cli.Usage;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary><c>tlp decode</c> takes TLPs apart that somebody has as hexadecimal digits; <c>tlp swap</c> shows a captured function's on both sides.</summary>
internal static class TlpCommand
{
    public static (Command, string) Build()
    {
        var hex = new Argument<string[]>("hex")
        {
            Description = "One TLP, in hexadecimal; blanks between bytes are fine. Without it: one TLP per line of stdin.", Arity = ArgumentArity.ZeroOrMore,
        };
        var decode = new Command("decode", "Show every field of a TLP's header by its name in the specification, its data, and what is wrong with it.") { hex };
        decode.SetAction(async (parsed, cancel) =>
        {
            var given = parsed.GetValue(hex) is { Length: > 0 } words ? [string.Join(' ', words)] : await LinesAsync(cancel);
            var reports = new List<TlpReport>();
            for (var i = 0; i < given.Count; i++)
            {
                if (given[i].AsSpan().Trim().IsEmpty)
                {
                    continue;
                }

                if (HexText.Parse(given[i], out var bytes) is { } mistake)
                {
                    throw new ControlException(
                        ControlErrorCode.BadArgument, given.Count > 1 ? $"line {i + 1}, {mistake}" : mistake,
                        "write bytes as two hexadecimal digits each, as in 00 00 00 01 01 00 07 0f 00 00 10 00");
                }

                reports.Add(new TlpReport(bytes));
            }

            if (reports.Count == 0)
            {
                throw new ControlException(ControlErrorCode.BadArgument, "there is nothing to decode", "give a TLP in hexadecimal, or lines of them on stdin");
            }

            var screen = parsed.Screen();
            if (screen.IsJson)
            {
                screen.Json(new JsonObject { ["tlps"] = new JsonArray([.. reports.Select(r => (JsonNode)r.ToJson())]) });
            }
            else
            {
                screen.Text(string.Join(Environment.NewLine + Environment.NewLine, reports));
            }

            return reports.All(r => r.IsValid) ? ExitCode.Ok : ExitCode.Failed;
        });
        var command = new Command("tlp", "Take TLPs apart.") { decode, BuildSwap() };
        return (command, """
              expether tlp decode 00000001 0100070f 00001000     a memory read, field by field
              expether tlp decode --json < tlps.txt              one TLP per line
              expether capture --function disk1.vf1 --interfaces host,device --seconds 5 --output vf1.pcapng
              expether tlp swap vf1.pcapng                       a register read and a DMA, before and after the swap, byte by byte

            Exit code of decode: 0 all are well-formed, 1 one is not, 2 what was given is not hexadecimal.
            """);
    }

    private static Command BuildSwap()
    {
        var file = new Argument<string>("file") { Description = "Written by `expether capture` at an I/O box, with the interfaces host and device." };
        var markdown = new Option<bool>("--markdown") { Description = "As Markdown, for a document." };
        var swap = new Command("swap", "Show one register read, one DMA and one interrupt of a capture on both sides of the swap.") { file, markdown };
        swap.SetAction(async (parsed, cancel) =>
        {
            var path = parsed.GetValue(file)!;
            IReadOnlyList<SwapStep> steps;
            try
            {
                await using var from = File.OpenRead(path);
                var captured = await BoundedInput.ReadAsync(from, path, "capture fewer seconds, or one function: expether capture --function NAME", cancel);
                steps = new SwapWalk(CapturedTlps.Read(captured)).Steps();
            }
            catch (InvalidDataException e)
            {
                throw new ControlException(ControlErrorCode.BadArgument, $"{path}: {e.Message}", "make one: expether capture --output FILE");
            }

            if (steps.Count == 0)
            {
                throw new ControlException(
                    ControlErrorCode.BadArgument, $"{path} has no register read and no DMA that is seen on both sides of the swap",
                    "capture at the I/O box, with --interfaces host,device, while a host uses its function");
            }

            var screen = parsed.Screen();
            if (screen.IsJson)
            {
                screen.Json(SwapText.Json(steps));
            }
            else
            {
                screen.Text(parsed.GetValue(markdown) ? SwapText.Markdown(steps) : SwapText.Plain(steps));
            }

            return ExitCode.Ok;
        });
        return swap;
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(CancellationToken cancel)
    {
        await using var stdin = Console.OpenStandardInput();
        var text = await BoundedInput.ReadAsync(stdin, "the standard input", "decode it in parts", cancel);
        return System.Text.Encoding.UTF8.GetString(text).TrimEnd().Split('\n');
    }
}
