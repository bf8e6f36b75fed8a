using System.CommandLine;

namespace ExpEther.Cli.Usage;

/// <summary>A command as it is typed: the words from the program's name to its own.</summary>
internal static class CommandPath
{
    /// <returns>For example <c>expether nvme read</c>.</returns>
    public static string Of(Command command)
    {
        var words = new List<string>();
        for (var at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            words.Insert(0, at is RootCommand ? "expether" : at.Name);
        }

        return string.Join(' ', words);
    }

    /// <returns>With its arguments, those that may be left out in brackets: <c>expether attach &lt;function&gt; &lt;host&gt; [options]</c>.</returns>
    public static string Usage(Command command)
    {
        var words = new List<string> { Of(command) };
        if (command.Subcommands.Count > 0 && command.Action is null)
        {
            words.Add("<command>");
        }

        words.AddRange(command.Arguments.Where(a => !a.Hidden).Select(a => a.Arity.MinimumNumberOfValues > 0 ? $"<{a.Name}>" : $"[<{a.Name}>]"));
        words.AddRange(command.Options.Where(o => o.Required).Select(o => $"{o.Name} {o.HelpName ?? "VALUE"}"));
        words.Add("[options]");
        return string.Join(' ', words);
    }
}
