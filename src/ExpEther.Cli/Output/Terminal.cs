using Spectre.Console;

namespace ExpEther.Cli.Output;

/// <summary>
/// Makes stdout and stderr safe, once at the start: text is escaped, and what they do not take ends a command or is lost, as
/// <see cref="StandardStream"/> says. It keeps the way to the bare terminal for the two that draw on it with control characters
/// of their own: the live screen and the progress line. What they draw of text from outside they pass through <c>SafeText</c>.
/// </summary>
internal static class Terminal
{
    /// <summary>Stderr without escaping.</summary>
    public static TextWriter BareError { get; private set; } = Console.Error;

    /// <summary>From here on everything that is written to <see cref="Console.Out"/> and <see cref="Console.Error"/> is escaped.</summary>
    public static void Guard()
    {
        var bareOut = StandardStream.Output().Text();
        BareError = StandardStream.Error().Text();
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new BareOutput(bareOut) });
        Console.SetOut(new SafeWriter(bareOut));
        Console.SetError(new SafeWriter(BareError));
    }

    private sealed class BareOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => !Console.IsOutputRedirected;

        public int Width => IsTerminal && Console.BufferWidth > 0 ? Console.BufferWidth : 80;

        public int Height => IsTerminal && Console.WindowHeight > 0 ? Console.WindowHeight : 24;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            if (IsTerminal)
            {
                Console.OutputEncoding = encoding;
            }
        }
    }
}
