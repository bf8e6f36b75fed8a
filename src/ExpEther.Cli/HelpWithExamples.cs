using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ExpEther.Cli;

/// <summary>The usual help, and below it what a user would type.</summary>
internal sealed class HelpWithExamples(HelpAction usual, IReadOnlyDictionary<Command, string> examples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => usual.ClearsParseErrors;

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        for (var command = parseResult.CommandResult.Command; command is not null; command = command.Parents.OfType<Command>().FirstOrDefault())
        {
            if (examples.TryGetValue(command, out var text))
            {
                Console.Out.WriteLine("Examples:");
                Console.Out.WriteLine(text);
                Console.Out.WriteLine();
                break;
            }
        }

        return code;
    }
}
