using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using ExpEther.Cli.Usage;

namespace ExpEther.Cli.Tests.Usage;

/// <summary>
/// Every command's help as it is kept in help.txt: a change of the command line is seen in the review. EXPETHER_WRITE_SNAPSHOTS=1 writes the file.
/// </summary>
public class HelpTests
{
    private const int Width = 140;

    [Fact]
    public void Every_help_is_the_one_that_was_reviewed()
    {
        var now = new StringBuilder();
        foreach (var command in All(CommandLine.Build()))
        {
            now.Append(null, $"==== {CommandPath.Of(command)} --help\n").Append(HelpOf(command)).Append('\n');
        }

        var file = File();
        if (Environment.GetEnvironmentVariable("EXPETHER_WRITE_SNAPSHOTS") == "1")
        {
            System.IO.File.WriteAllText(file, now.ToString());
        }

        Assert.Equal(System.IO.File.ReadAllText(file), now.ToString(), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Every_command_has_an_example_of_its_own()
    {
        foreach (var command in All(CommandLine.Build()).Where(c => !c.Hidden))
        {
            var help = HelpOf(command);
            var at = help.IndexOf("Examples:", StringComparison.Ordinal);
            Assert.True(at >= 0 && help[at..].Contains(CommandPath.Of(command), StringComparison.Ordinal), $"{CommandPath.Of(command)}:\n{help}");
        }
    }

    [Fact]
    public void Every_option_and_argument_says_what_it_is()
    {
        foreach (var command in All(CommandLine.Build()).Where(c => !c.Hidden))
        {
            Assert.All(
                command.Options.Where(o => !o.Hidden), o => Assert.False(string.IsNullOrWhiteSpace(o.Description), $"{CommandPath.Of(command)} {o.Name}"));
            Assert.All(command.Arguments, a => Assert.False(string.IsNullOrWhiteSpace(a.Description), $"{CommandPath.Of(command)} <{a.Name}>"));
        }
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static string HelpOf(Command command)
    {
        var output = new StringWriter { NewLine = "\n" };
        var words = CommandPath.Of(command).Split(' ').Skip(1).Append("--help").ToArray();
        CommandLine.Build(Width).Parse(words).Invoke(new InvocationConfiguration { Output = output });
        var program = $"  {RootCommand.ExecutableName} ";
        return string.Join('\n', output.ToString().Replace(program, "  expether ", StringComparison.Ordinal).Split('\n').Select(line => line.TrimEnd()));
    }

    private static string File([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "help.txt");
}
