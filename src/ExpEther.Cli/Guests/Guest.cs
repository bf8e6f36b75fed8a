using System.Diagnostics;
using ExpEther.Cli.Wiring;
using ExpEther.Linux.Sockets;

namespace ExpEther.Cli.Guests;

/// <summary>A virtual machine with a stock kernel: its QEMU as a process of the laboratory's. It goes when whoever started it goes.</summary>
internal sealed class Guest : IDisposable
{
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();

    private Guest(GuestOptions options, LabProcess process)
    {
        Options = options;
        Process = process;
    }

    public GuestOptions Options { get; }

    public string Name => Options.Name;

    public LabProcess Process { get; }

    /// <summary>From QEMU's start to the agent's first answer; zero before it.</summary>
    public TimeSpan BootTime { get; private set; }

    /// <summary>Starts its QEMU.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="prefix">What QEMU runs under: nsenter.</param>
    /// <param name="logFolder">Where QEMU's own words go, as <c>NAME.log</c>.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<Guest> StartAsync(GuestOptions options, IReadOnlyList<string> prefix, string logFolder, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.Folder);
        Directory.CreateDirectory(options.SlotFolder);

        // Those of an earlier life: what is there from now on is this one's.
        SocketFile.RemoveLeftOver(options.LabMonitorSocket);
        SocketFile.RemoveLeftOver(options.ShellSocket);
        var guest = new Guest(options, LabProcess.StartTied(options.Name, prefix, GuestCommandLine.Of(options), logFolder));
        try
        {
            await guest.Process.HereAsync(cancel);
            await guest.Process.GoAsync(cancel);
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>Waits until it has booted, so far that its agent answers.</summary>
    /// <exception cref="LabFailure">It did not; the message has the last words of QEMU and of the console.</exception>
    public async Task ReadyAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(GuestLimits.BootSeconds));
        try
        {
            await SocketsAsync(limit.Token);
            using var shell = await GuestShell.ConnectAsync(Name, Options.ShellSocket, limit.Token);
            BootTime = _sinceStart.Elapsed;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new LabFailure(
                "guest-not-ready", $"{Name} did not boot within {GuestLimits.BootSeconds} s; its console's last words: {ConsoleEnd()}",
                $"look into {Options.ConsoleLog}");
        }
        catch (LabFailure failure)
        {
            throw await EndsAsync(cancel) ? Ended() : failure;
        }
    }

    /// <summary>A connection to its agent.</summary>
    public Task<GuestShell> ShellAsync(CancellationToken cancel) => GuestShell.ConnectAsync(Name, Options.ShellSocket, cancel);

    /// <summary>Its reset button.</summary>
    public Task ResetAsync(CancellationToken cancel) => GuestMonitor.AskAsync(Name, Options.LabMonitorSocket, "system_reset", cancel);

    public void Dispose() => Process.Dispose();

    /// <summary>QEMU makes its sockets when it starts; there is nothing to wait on but the file.</summary>
    private async Task SocketsAsync(CancellationToken cancel)
    {
        while (!File.Exists(Options.LabMonitorSocket))
        {
            if (Process.HasEnded)
            {
                throw Ended();
            }

            await Task.Delay(10, cancel);
        }
    }

    /// <summary>Whether QEMU is ending: its sockets close a little before.</summary>
    private async Task<bool> EndsAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(LabLimits.EndSeconds));
        await Process.EndedAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Process.HasEnded;
    }

    private LabFailure Ended() => new(
        "guest-ended", $"{Name}'s QEMU ended, exit code {Process.ExitCode}: {Process.LastWords()}", "see the message; is there enough memory?");

    private string ConsoleEnd()
    {
        try
        {
            return string.Join(" | ", File.ReadLines(Options.ConsoleLog).TakeLast(3));
        }
        catch (IOException)
        {
            return "none";
        }
    }
}
