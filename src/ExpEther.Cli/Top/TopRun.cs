using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Linux.Time;
using Spectre.Console;

namespace ExpEther.Cli.Top;

/// <summary>Looks at the daemons at every interval and shows what they did, until it is over or somebody ends it.</summary>
/// <param name="socket">The daemon that is meant; null: all of this user that run here.</param>
/// <param name="interval">Between two looks.</param>
/// <param name="count">How many intervals; null: until it is ended.</param>
/// <param name="cancel">Ends it.</param>
internal sealed class TopRun(string? socket, TimeSpan interval, int? count, CancellationToken cancel)
{
    private readonly TopSampler _sampler = new();

    /// <exception cref="ControlException">No daemon runs at the start, or the one that is meant does not run any more.</exception>
    public int Run(Screen screen)
    {
        _ = _sampler.Next(Pages(mustBe: true), MonotonicClock.Now);
        if (screen.IsJson)
        {
            Repeat(report => Console.Out.WriteLine(TopJson.Of(report).ToJsonString()));
        }
        else if (Console.IsOutputRedirected)
        {
            Repeat(report => Write(report, screen));
        }
        else
        {
            AnsiConsole.Console.AlternateScreen(() => AnsiConsole.Live(new Text("looking for one interval"))
                .Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
                .Start(live => Repeat(report => live.UpdateTarget(Picture(report)))));
        }

        return cancel.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Ok;
    }

    private static void Write(IReadOnlyList<TopDaemon> report, Screen screen)
    {
        foreach (var line in new TopScreen(hasColor: false).Draw(report, 160))
        {
            screen.Text(line.Plain);
        }

        screen.Text("");
    }

    private static Rows Picture(IReadOnlyList<TopDaemon> report)
    {
        var width = AnsiConsole.Profile.Width;
        var lines = new TopScreen(AnsiConsole.Profile.Capabilities.ColorSystem != ColorSystem.NoColors).Draw(report, width);
        return new Rows(lines.Count > 0 ? lines.Select(line => new Markup(line.ToMarkup(width))) : [new Text("no daemon of this user runs here")]);
    }

    private IReadOnlyList<CounterSnapshot> Pages(bool mustBe)
    {
        if (socket is not null)
        {
            return [CounterLocator.ReadOf(Path.GetFullPath(socket))];
        }

        var pages = CounterLocator.FindAll();
        return pages.Count > 0 || !mustBe ? pages : throw CounterLocator.None();
    }

    private void Repeat(Action<IReadOnlyList<TopDaemon>> show)
    {
        for (var done = 0; (count is null || done < count) && !WaitForEnd(); done++)
        {
            show(_sampler.Next(Pages(mustBe: false), MonotonicClock.Now));
        }
    }

    /// <returns>True when it shall end: a signal, or q.</returns>
    private bool WaitForEnd()
    {
        var end = MonotonicClock.Now + interval;
        while (MonotonicClock.Now is var now && now < end)
        {
            var wait = end - now;
            if (cancel.WaitHandle.WaitOne(wait < KeyInterval ? wait : KeyInterval))
            {
                return true;
            }

            if (Console.IsOutputRedirected)
            {
                OutputFailure.ThrowIfReaderGone();
            }

            while (!Console.IsInputRedirected && !Console.IsOutputRedirected && Console.KeyAvailable)
            {
                if (Console.ReadKey(intercept: true).KeyChar is 'q' or 'Q')
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>How often a key that was pressed is looked for, and whether stdout is read still.</summary>
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(50);
}
