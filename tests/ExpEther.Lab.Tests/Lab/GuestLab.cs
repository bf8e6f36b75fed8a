using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>
/// A laboratory as a user has it: started by <c>expether lab up</c>, asked and broken by the same commands, each a process of its own, and taken down at
/// the end whatever happened. A command that fails, or a condition that does not come true, fails the test with the end of every log.
/// </summary>
internal sealed class GuestLab : IAsyncDisposable
{
    private readonly LabFolder _above = new();
    private JsonObject _up = [];

    private GuestLab()
    {
    }

    /// <summary>The laboratory's folder.</summary>
    public string Dir => _above.File("lab");

    /// <summary>The I/O box's control socket.</summary>
    public string Io => Path.Combine(Dir, "io.sock");

    /// <summary>What <c>lab up --json</c> printed.</summary>
    public JsonObject Up => _up;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Skips the test where guests cannot be had.</summary>
    /// <param name="guests">How many.</param>
    /// <param name="more">More options of <c>lab up</c>.</param>
    public static async Task<GuestLab> UpAsync(int guests, params IReadOnlyList<string> more)
    {
        GuestAssumptions.AssetsOrSkip();
        var lab = new GuestLab();
        try
        {
            lab._up = await lab.JsonAsync(["lab", "up", "--dir", lab.Dir, "--guests", $"{guests}", .. more]);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>The control socket of a guest's host bridge.</summary>
    public string HostOf(string guest) => Path.Combine(Dir, $"{guest}-host.sock");

    /// <summary>The function that a guest got from <c>lab up</c>.</summary>
    public string FunctionOf(string guest) =>
        _up["guests"]!.AsArray().Single(g => g!["name"]!.GetValue<string>() == guest)!["function"]!.GetValue<string>();

    /// <summary>Runs a command line of the guest's shell, which must end with 0.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> InAsync(string guest, string command)
    {
        var (code, output) = await TryInAsync(guest, command);
        return code == 0 ? output : throw Failed($"in {guest} `{command}` ended with {code}:\n{output}");
    }

    /// <summary>Runs a command line of the guest's shell.</summary>
    /// <returns>Its exit code, and what it printed.</returns>
    public async Task<(int Code, string Output)> TryInAsync(string guest, string command)
    {
        var ended = await RunAsync("lab", "exec", "--dir", Dir, "--json", guest, "--", "sh", "-c", command);
        return ended.Output.StartsWith('{')
            ? (ended.Json["exitCode"]!.GetValue<int>(), ended.Json["output"]!.GetValue<string>())
            : throw Failed($"`lab exec {guest} -- {command}` ended with {ended.Code}:\n{ended.Error}");
    }

    /// <summary><c>lab status</c>.</summary>
    public Task<JsonObject> StatusAsync() => JsonAsync("lab", "status", "--dir", Dir);

    /// <summary><c>lab fault</c>: <c>guest1 --cut</c>, <c>io --kill io</c> and so on.</summary>
    public Task FaultAsync(params IReadOnlyList<string> arguments) => JsonAsync(["lab", "fault", "--dir", Dir, .. arguments]);

    /// <summary>Asks one of the laboratory's processes to end (SIGTERM), and waits until it has.</summary>
    public async Task TerminateAsync(string process)
    {
        var id = (await StatusAsync())["processes"]!.AsArray().Single(p => p!["name"]!.GetValue<string>() == process)!["pid"]!.ToString();
        using var terminate = System.Diagnostics.Process.Start("kill", ["-TERM", id]);
        await terminate.WaitForExitAsync(Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(LabTestLimits.ConditionTime);
        while (Lives(id))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <param name="socket">Of a daemon: <see cref="Io"/>, <see cref="HostOf"/>.</param>
    public Task<JsonObject> ListAsync(string socket) => JsonAsync("ls", "--socket", socket);

    /// <inheritdoc cref="ListAsync"/>
    public Task<JsonObject> StatsAsync(string socket) => JsonAsync("stats", "--socket", socket);

    /// <summary>What the I/O box says of a function.</summary>
    public async Task<JsonObject> FunctionAsync(string function) => OfFunction(await ListAsync(Io), function);

    /// <inheritdoc cref="FunctionAsync"/>
    public static JsonObject OfFunction(JsonObject box, string function) =>
        box["functions"]!.AsArray().Single(f => f!["name"]!.GetValue<string>() == function)!.AsObject();

    public Task<JsonObject> AttachAsync(string function, string guest, params IReadOnlyList<string> more) =>
        JsonAsync(["attach", function, guest, "--socket", Io, .. more]);

    public Task<JsonObject> DetachAsync(string function, params IReadOnlyList<string> more) => JsonAsync(["detach", function, "--socket", Io, .. more]);

    public Task<JsonObject> MoveAsync(string function, string guest, params IReadOnlyList<string> more) =>
        JsonAsync(["move", function, guest, "--socket", Io, .. more]);

    /// <summary>Asks a daemon with <c>ls</c> until the answer is as waited for. Each question is a process, so this neither spins nor sleeps.</summary>
    public Task<JsonObject> UntilAsync(string what, string socket, Func<JsonObject, bool> condition) => UntilAsync(
        what, async () =>
        {
            var ended = await RunAsync("ls", "--socket", socket, "--json");
            return ended.Code == 0 ? ended.Json : null;
        }, condition);

    /// <summary>Asks in a guest until a command ends with 0.</summary>
    public async Task UntilInAsync(string guest, string command) => await UntilAsync(
        $"`{command}` in {guest}", async () => new JsonObject { ["code"] = (await TryInAsync(guest, command)).Code },
        answer => answer["code"]!.GetValue<int>() == 0);

    /// <summary>Runs <c>expether</c> to its end.</summary>
    /// <param name="arguments">All but <c>--json</c>; it must end with 0.</param>
    /// <returns>What it printed.</returns>
    public async Task<JsonObject> JsonAsync(params IReadOnlyList<string> arguments)
    {
        var ended = await RunAsync([.. arguments, "--json"]);
        return ended.Code == 0 ? ended.Json : throw Failed($"`expether {string.Join(' ', arguments)}` ended with {ended.Code}:\n{ended.Error}{ended.Output}");
    }

    /// <summary>Runs <c>expether</c> to its end, however it ends.</summary>
    public async Task<Expether.Finished> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var running = Expether.Start(arguments);
        try
        {
            return await running.EndAsync().WaitAsync(LabTestLimits.CommandTime, Cancel);
        }
        catch (TimeoutException)
        {
            throw Failed($"`expether {string.Join(' ', arguments)}` did not end within {LabTestLimits.CommandTime}");
        }
    }

    /// <summary>A failure of the test, with the end of every log.</summary>
    public InvalidOperationException Failed(string what) => new($"{what}\n{LabLogs.EndsOf(Dir)}");

    /// <summary>Takes it down; what its logs end with is told where the test has failed.</summary>
    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(LabLogs.EndsOf(Dir));
        if (Directory.Exists(Dir))
        {
            using var down = Expether.Start("lab", "down", "--dir", Dir);
            await down.EndAsync();
        }

        _above.Dispose();
    }

    /// <summary>It runs, and is no zombie either.</summary>
    private static bool Lives(string process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // it ended, perhaps while it was looked at
        }
    }

    private async Task<JsonObject> UntilAsync(string what, Func<Task<JsonObject?>> ask, Func<JsonObject, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(LabTestLimits.ConditionTime);
        JsonObject? last = null;
        while (!limit.IsCancellationRequested)
        {
            last = await ask();
            if (last is not null && condition(last))
            {
                return last;
            }
        }

        Cancel.ThrowIfCancellationRequested();
        throw Failed($"{what}: not within {LabTestLimits.ConditionTime}; last answer: {last}");
    }
}
