using System.CommandLine;
using System.CommandLine.Parsing;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Usage;

/// <summary>What is wrong with a command line, for the one who types it: what is not known, what may be meant instead, what is missing.</summary>
internal static class UsageMistakes
{
    /// <returns>Empty when the command line can be carried out.</returns>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var mistakes = UnknownOptions(parsed).ToList();
        if (mistakes.Count > 0)
        {
            return mistakes;
        }

        if (parsed.Errors.Count == 0)
        {
            return [];
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            var first = parsed.UnmatchedTokens[0];
            return [command.Subcommands.Any(c => !c.Hidden) && command.Arguments.Count == 0
                ? $"{CommandPath.Of(command)} has no command '{first}': {Near(first, command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}"
                : $"'{first}' is one word too many for '{CommandPath.Of(command)}'; a value with spaces needs quotes"];
        }

        var missing = parsed.Errors.Where(e => e.SymbolResult is ArgumentResult { Tokens.Count: 0, Parent: CommandResult }).ToList();
        if (missing.Count > 0)
        {
            mistakes.Add($"missing: {string.Join(", ", missing.Select(e => $"<{((ArgumentResult)e.SymbolResult!).Argument.Name}>"))}");
        }

        var required = command.Options.Where(o => o.Required && (parsed.GetResult(o)?.Tokens.Count ?? 0) == 0).ToList();
        if (required.Count > 0)
        {
            mistakes.Add($"missing: {string.Join(", ", required.Select(o => $"{o.Name} {o.HelpName ?? "VALUE"}"))}");
        }

        if (mistakes.Count == 0 && command.Subcommands.Count > 0 && command.Action is null)
        {
            return [$"{CommandPath.Of(command)} needs a command: {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}"];
        }

        mistakes.AddRange(parsed.Errors.Except(missing).Where(e => !required.Any(o => e.Message.Contains(o.Name, StringComparison.Ordinal))).Select(Words));
        return mistakes;
    }

    private static string Words(ParseError error) => error.SymbolResult is OptionResult { Tokens.Count: 0, Implicit: false } option
        ? $"{option.Option.Name} needs a value: {option.Option.HelpName ?? "VALUE"}"
        : error.Message;

    /// <summary>A word that looks like an option and is none would be taken as an argument's value, and the daemon asked for a function of that name.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Arguments.Any(a => a.Arity.MaximumNumberOfValues > 1))
        {
            yield break; // the rest of the line is another program's
        }

        var taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Concat(parsed.UnmatchedTokens);
        var isLiteral = parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash);
        foreach (var word in taken.Where(w => !isLiteral && w.Length > 1 && w[0] == '-' && !char.IsAsciiDigit(w[1])))
        {
            yield return $"{CommandPath.Of(command)} has no option '{word}': {Near(word.Split('=')[0], OptionsOf(command))}";
        }
    }

    private static IEnumerable<string> OptionsOf(Command command)
    {
        var inherited = command.Parents.OfType<Command>().SelectMany(OptionsOf);
        return command.Options.Where(o => !o.Hidden).Select(o => o.Name).Concat(inherited).Distinct();
    }

    private static string Near(string word, IEnumerable<string> known) => Suggestion.For(word, [.. known]);
}
