using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ExpEther.Cli.Usage;

/// <summary>
/// The usual help, and below it what a user would type. A subcommand shows the examples of its group that are its own, and the group's
/// remarks.
/// </summary>
/// <param name="usual">The help without examples.</param>
/// <param name="examples">Of the root and of each of its commands: lines of examples, then, after an empty line, remarks.</param>
internal sealed class HelpWithExamples(HelpAction usual, IReadOnlyDictionary<Command, string> examples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => usual.ClearsParseErrors;

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (ExamplesOf(parseResult.CommandResult.Command) is { } text)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            output.WriteLine(text);
            output.WriteLine();
        }

        return code;
    }

    private string? ExamplesOf(Command command)
    {
        if (examples.TryGetValue(command, out var own))
        {
            return own;
        }

        foreach (var group in command.Parents.OfType<Command>())
        {
            if (!examples.TryGetValue(group, out var text))
            {
                continue;
            }

            var (all, remarks) = text.IndexOf("\n\n", StringComparison.Ordinal) is var end && end >= 0 ? (text[..end], text[end..]) : (text, "");
            var path = CommandPath.Of(command);
            var mine = all.Split('\n').Where(line =>
                line.TrimStart() is var typed && (typed == path || typed.StartsWith($"{path} ", StringComparison.Ordinal)));
            return string.Join('\n', mine) + remarks;
        }

        return null;
    }
}
