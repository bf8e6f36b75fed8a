using System.CommandLine;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Commands;

internal static class LabShareCommand
{
    public static Command Build()
    {
        var options = new LabUpOptions(guests: 3);
        var command = new Command(
            "share",
            "Prove it: guests that share one device by virtual functions, file systems, fio and fsck at the same time, a file system moved between them; "
            + "in a laboratory of its own, which is gone afterwards.");
        options.AddTo(command);
        command.SetAction(async parsed =>
        {
            using var interruption = new Interruption();
            return await RunAsync(options.Of(parsed), parsed.Screen(), interruption.Token);
        });
        return command;
    }

    private static async Task<int> RunAsync(LabOptions options, Screen screen, CancellationToken cancel)
    {
        var log = new StepLog(Console.Error);
        var report = new LabShareReport();
        var code = ExitCode.Failed;
        var folder = new LabPlace(Directory.CreateTempSubdirectory("expether-share-").FullName);
        try
        {
            folder.Prepare();
            var assets = await GuestAssets.GetAsync(log.Step, cancel);
            using var rig = await LabRig.StartAsync(options, folder, assets, log, _ => { }, cancel);
            var share = new LabShare(rig, log);
            report = share.Report;
            await share.RunAsync(cancel);
        }
        catch (LabFailure e)
        {
            report.Failure = e;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            report.Failure = new LabFailure("interrupted", "interrupted", "");
            code = ExitCode.Interrupted;
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }

        if (screen.IsJson)
        {
            screen.Json(report.ToJson());
        }
        else if (report.Guests.Count > 0)
        {
            screen.Text(report.Describe(log.Elapsed));
        }

        if (report.Reason is { } reason)
        {
            await Console.Error.WriteLineAsync(
                $"expether: the guests did not share as they should: {reason}{(report.Failure?.Remedy is { Length: > 0 } remedy ? $"; {remedy}" : "")}");
            return code;
        }

        return ExitCode.Ok;
    }
}
