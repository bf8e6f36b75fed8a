using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Wiring;

using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Lab;

/// <summary>
/// Keeps a laboratory up: the process that <c>lab up</c> leaves behind. It holds every other process by its stdin, so all end with it, and the lock of
/// the folder, so there is one for each. Killed, it leaves the folder; whoever comes next sees that by the number and start of its process.
/// </summary>
internal sealed class LabSupervisor(LabOptions options, LabPlace folder, StepLog log) : IDisposable
{
    private readonly CancellationTokenSource _down = new();
    private LabRig? _rig;

    /// <summary>Makes the laboratory.</summary>
    /// <param name="cancel">Ends it; nothing is left then but the logs.</param>
    /// <exception cref="LabFailure">It cannot be had; nothing is left but the logs.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        Note(null, isReady: false);
        var assets = await GuestAssets.GetAsync(log.Step, cancel);
        _rig = await LabRig.StartAsync(options, folder, assets, log, rig => Note(rig, isReady: false), cancel);
        await GiveAsync(_rig, cancel);
        Note(_rig, isReady: true);
    }

    /// <summary>Serves <c>lab fault</c> and <c>lab down</c> until the latter.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel, _down.Token);
        using var server = new LabServer(folder.Socket, AnswerAsync);
        await server.RunAsync(ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _rig?.Dispose();
        _down.Dispose();
    }

    private async Task GiveAsync(LabRig rig, CancellationToken cancel)
    {
        var functions = new LabFunctions(rig.SocketOf("io"));
        await functions.LinksUpAsync(cancel);
        await Together.RunAsync(rig.Guests, async (node, token) =>
        {
            using var shell = await node.Guest!.ShellAsync(token);
            var disk = await functions.GiveAsync(node, shell, token);
            log.Step($"{node.Name} has {node.Function} as {disk}, {node.PlugTime.TotalMilliseconds:0} ms after it was given");
        }, cancel);
    }

    private async Task<JsonObject> AnswerAsync(string command, JsonObject arguments, CancellationToken cancel)
    {
        var rig = _rig!;
        switch (command)
        {
            case "down":
                log.Step("going down");
                var names = new JsonArray([.. rig.Members.Select(m => (JsonNode)m.Name)]);
                rig.Dispose();
                await _down.CancelAsync();
                return new JsonObject { ["ended"] = names };
            case "parts":
                return new JsonObject { ["parts"] = new JsonArray([.. rig.Parts.Select(Describe)]) };
            case "kill":
                var victim = Part(rig, arguments.TextOf("node") ?? "", arguments.TextOf("what") ?? "");
                await victim.KillAsync(cancel);
                log.Step($"killed the {Name(victim.Role)} of {victim.Node}");
                Note(rig, isReady: true);
                return new JsonObject { ["killed"] = victim.Name };
            case "restart":
                return await RestartAsync(rig, arguments.TextOf("node") ?? "", cancel);
            case "reset":
                var guest = rig.Find(arguments.TextOf("node") ?? "");
                await guest.Guest!.ResetAsync(cancel);
                log.Step($"reset {guest.Name}");
                return new JsonObject { ["reset"] = guest.Name };
            default:
                throw new LabFailure("unknown-command", $"a laboratory does not know '{command}'", "");
        }
    }

    private async Task<JsonObject> RestartAsync(LabRig rig, string node, CancellationToken cancel)
    {
        var dead = rig.Parts.Where(p => p.Node == node && !p.IsRunning).OrderBy(p => p.Role).ToList();
        if (dead.Count == 0)
        {
            throw new LabFailure(
                "runs", rig.Parts.Any(p => p.Node == node) ? $"all of {node} runs" : $"there is no {node}",
                $"the nodes are {string.Join(", ", rig.Parts.Select(p => p.Node).Distinct())}; kill one first: expether lab fault NODE --kill guest|host|io");
        }

        foreach (var part in dead)
        {
            await part.RestartAsync(cancel);
            log.Step($"started the {Name(part.Role)} of {node} again");
            Note(rig, isReady: true);
        }

        return new JsonObject { ["started"] = new JsonArray([.. dead.Select(p => (JsonNode)p.Name)]) };
    }

    private static LabPart Part(LabRig rig, string node, string what) =>
        rig.Parts.FirstOrDefault(p => p.Node == node && Name(p.Role) == what) ?? throw new LabFailure(
            "no-such-part", $"{node} has no {what}",
            $"there are {string.Join(", ", rig.Parts.Select(p => $"{p.Node} --kill {Name(p.Role)}"))}");

    private static string Name(LabRole role) => role.ToString().ToLowerInvariant();

    private static JsonObject Describe(LabPart part) => new()
    {
        ["node"] = part.Node, ["role"] = Name(part.Role), ["name"] = part.Name, ["pid"] = part.Member?.Process.Pid, ["exitCode"] = part.ExitCode,
        ["lastWords"] = part.ExitCode is null ? null : part.LastWords,
    };

    private void Note(LabRig? rig, bool isReady) => new LabState
    {
        BootId = ProcessIdentity.BootId,
        Supervisor = ProcessIdentity.Of(Environment.ProcessId)!,
        IsReady = isReady,
        Transport = rig?.Transport.Name ?? "",
        Accel = rig?.Accel ?? "",
        Guests = [.. rig?.Guests.Select(g => g.Told) ?? []],
        Members = [.. rig?.Members ?? []],
    }.Write(folder);
}
