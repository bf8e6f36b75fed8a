using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Lab;

/// <summary>Starts a laboratory and leaves it, and ends one.</summary>
internal static class LabLaunch
{
    private const int DownSeconds = 60;

    /// <summary>Starts whoever keeps it up, in a session of its own, and follows it until the laboratory is ready.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="options">What.</param>
    /// <param name="say">Gets every step.</param>
    /// <param name="cancel">Ends it; nothing is left then but logs.</param>
    /// <exception cref="LabFailure">It cannot be had, or is up already.</exception>
    public static async Task<LabState> UpAsync(LabPlace folder, LabOptions options, Action<string> say, CancellationToken cancel)
    {
        folder.Prepare();
        if (LabState.Read(folder) is { IsUp: true })
        {
            throw IsUpAlready(folder);
        }

        await ClearAsync(folder, say, cancel);
        folder.Prepare();
        using var supervisor = Start(folder, options);
        JsonObject? result = null;
        try
        {
            while (result is null && await supervisor.StandardOutput.ReadLineAsync(cancel) is { } line)
            {
                if (line.StartsWith('{'))
                {
                    result = StrictJson.TryParseObject(Encoding.UTF8.GetBytes(line), ControlLimits.AnswerDepthMax, out var last) ? last : [];
                }
                else
                {
                    say(line);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It hears that nobody waits any more, and takes down what there is.
            supervisor.StandardInput.Close();
            await supervisor.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        if (result?["error"] is JsonObject error)
        {
            throw new LabFailure(error.TextOf("code") ?? "", error.TextOf("message") ?? "", error.TextOf("remedy") ?? "");
        }

        return result is null
            ? throw new LabFailure("lab-died", $"the laboratory ended before it was ready: {LastLine(folder)}", $"look into {folder.Log}")
            : LabState.OfRunning(folder);
    }

    /// <summary>Takes a laboratory down, or clears away what is left of one that was killed.</summary>
    /// <returns>The names of the processes that ended.</returns>
    /// <exception cref="LabFailure">There is none.</exception>
    public static async Task<IReadOnlyList<string>> DownAsync(LabPlace folder, Action<string> say, CancellationToken cancel)
    {
        if (!folder.IsALaboratorys)
        {
            throw new LabFailure("lab-down", $"no laboratory is up in {folder.Path}", "start one: expether lab up");
        }

        if (LabState.Read(folder) is not { IsUp: true } state)
        {
            return await ClearAsync(folder, say, cancel);
        }

        IReadOnlyList<string> ended;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(DownSeconds));
            using var client = await ControlClient.ConnectAsync(folder.Socket, asksWhenSilent: false, limit.Token);
            ended = [.. (await client.CallAsync("down", cancel: limit.Token))["ended"] is JsonArray names
                ? names.OfType<JsonValue>().Select(name => name.ToString()) : []];
            if (await state.Supervisor.EndedAsync(TimeSpan.FromSeconds(DownSeconds), cancel))
            {
                return ended;
            }
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            say($"the laboratory does not answer ({e.Message}): killing it");
        }

        // It may know more by now than when we looked.
        ended = await (LabState.Read(folder) ?? state).KillAsync(cancel);
        folder.Delete();
        return ended;
    }

    /// <summary>Makes a call to whoever keeps a laboratory up.</summary>
    /// <exception cref="LabFailure">It is not up.</exception>
    /// <exception cref="ControlException">The call was refused.</exception>
    public static async Task<JsonObject> CallAsync(LabPlace folder, string command, JsonObject arguments, CancellationToken cancel)
    {
        LabState.OfRunning(folder);
        using var client = await ControlClient.ConnectAsync(folder.Socket, asksWhenSilent: false, cancel);
        return await client.CallAsync(command, arguments, cancel: cancel);
    }

    /// <summary>There is a laboratory in that folder.</summary>
    public static LabFailure IsUpAlready(LabPlace folder) => new(
        "lab-is-up", $"a laboratory is up in {folder.Path} already",
        "look at it with `expether lab status`, end it with `expether lab down`, or name another --dir");

    private static async Task<IReadOnlyList<string>> ClearAsync(LabPlace folder, Action<string> say, CancellationToken cancel)
    {
        if (!folder.IsALaboratorys)
        {
            return [];
        }

        var killed = LabState.Read(folder) is { } state ? await state.KillAsync(cancel) : [];
        folder.Delete();
        say($"cleared away what an earlier laboratory left{(killed.Count > 0 ? $": ended {string.Join(", ", killed)}" : "; nothing of it ran")}");
        return killed;
    }

    private static Process Start(LabPlace folder, LabOptions options)
    {
        string[] command =
        [
            "sh", "-c", "exec setsid \"$@\" 2>>\"$0\"", folder.Log, .. OwnProgram.Command, "lab", "supervise", "--dir", folder.Path, .. options.ToArguments(),
        ];
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    private static string LastLine(LabPlace folder)
    {
        try
        {
            return File.ReadLines(folder.Log).LastOrDefault() ?? "it said nothing";
        }
        catch (IOException)
        {
            return "it said nothing";
        }
    }
}
