using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary>
/// What <c>lab up</c> leaves behind. Until the laboratory is ready its stdout tells every step, and at last one line of JSON: <c>ready</c>, or
/// <c>error</c>; whoever started it closes its stdin to give up before that.
/// </summary>
internal static class LabSuperviseCommand
{
    /// <summary>Whoever reads it goes when the laboratory is ready.</summary>
    private static readonly TextWriter Output = StandardStream.LossyOutput().Text();

    public static Command Build()
    {
        var options = new LabUpOptions(guests: 2);
        var folder = LabCommand.Directory();
        var command = new Command("supervise", "Keep a laboratory up: what `lab up` starts.") { folder };
        command.Hidden = true;
        options.AddTo(command);
        command.SetAction(async parsed =>
        {
            var place = LabPlace.Of(parsed.GetValue(folder));
            try
            {
                place.Prepare();
                await using var held = Hold(place);
                return await RunAsync(place, options.Of(parsed));
            }
            catch (LabFailure e)
            {
                Output.WriteLine(new JsonObject { ["error"] = new ControlError(e.Code, e.Message, e.Remedy).ToJson() }.ToJsonString());
                return ExitCode.Failed;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(LabPlace folder, LabOptions options)
    {
        using var interruption = new Interruption();
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(interruption.Token);
        var log = new StepLog(Console.Error, Output);
        using var supervisor = new LabSupervisor(options, folder, log);
        GiveUpWithStdin(starting);
        try
        {
            await supervisor.StartAsync(starting.Token);
        }
        catch (LabFailure e)
        {
            log.Step($"failed: {e.Message}");
            throw;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }

        Output.WriteLine(new JsonObject { ["ready"] = true }.ToJsonString());
        await supervisor.RunAsync(interruption.Token);
        supervisor.Dispose();
        folder.Delete();
        return ExitCode.Ok;
    }

    /// <summary>The lock goes with this process, however it ends.</summary>
    private static FileStream Hold(LabPlace folder)
    {
        try
        {
            return new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw LabLaunch.IsUpAlready(folder);
        }
    }

    /// <summary>Once the laboratory is ready, giving up has no effect any more.</summary>
    private static void GiveUpWithStdin(CancellationTokenSource starting) => new Thread(() =>
    {
        using var stdin = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[16];
        while (stdin.Read(ignored) > 0)
        {
        }

        try
        {
            starting.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // it is over
        }
    })
    { IsBackground = true, Name = "stdin" }.Start();
}
