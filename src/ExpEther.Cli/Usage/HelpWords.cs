using System.CommandLine;

namespace ExpEther.Cli.Usage;

/// <summary>
/// <c>help</c> and <c>version</c> as words, which people type because git, kubectl and cargo take them: <c>expether help attach</c>,
/// <c>expether nvme help</c>, <c>expether version</c>.
/// </summary>
internal static class HelpWords
{
    /// <returns>The same command line with <c>--help</c> or <c>--version</c>; as it was where those words are none of a command's place.</returns>
    public static string[] Translate(string[] arguments, Command root)
    {
        if (arguments is ["version"])
        {
            return ["--version"];
        }

        var at = root;
        for (var i = 0; i < arguments.Length && at.Subcommands.Count > 0; i++)
        {
            if (arguments[i] == "help")
            {
                string[] rest = [.. arguments[..i], .. arguments[(i + 1)..]];
                return IsCommand(rest, root) ? [.. rest, "--help"] : rest; // a mistyped command is told as such
            }

            if (at.Subcommands.FirstOrDefault(command => command.Name == arguments[i]) is not { } next)
            {
                break;
            }

            at = next;
        }

        return arguments;
    }

    private static bool IsCommand(string[] words, Command root)
    {
        Command? at = root;
        foreach (var word in words)
        {
            at = at?.Subcommands.FirstOrDefault(command => command.Name == word);
        }

        return at is not null;
    }
}
