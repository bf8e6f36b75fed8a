using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>A daemon or a guest of a laboratory, which may be killed and started again.</summary>
/// <param name="node">Whom it belongs to.</param>
/// <param name="role">What it is.</param>
/// <param name="start">Starts it, and ends when it is ready.</param>
internal sealed class LabPart(string node, LabRole role, Func<CancellationToken, Task<LabProcess>> start) : IDisposable
{
    private LabProcess? _process;

    public string Node { get; } = node;

    public LabRole Role { get; } = role;

    public string Name => _process?.Name ?? Node;

    public bool IsRunning => _process is { HasEnded: false };

    /// <summary>How it ended; null while it runs.</summary>
    public int? ExitCode => _process is { HasEnded: true } ended ? ended.ExitCode : null;

    public string LastWords => _process?.LastWords() ?? "";

    public LabMember? Member =>
        _process is { HasEnded: false } process && ProcessIdentity.Of(process.Id) is { } identity ? new LabMember(Name, Node, Role, identity) : null;

    public async Task StartAsync(CancellationToken cancel) => _process = await start(cancel);

    /// <summary>SIGKILL, and its end.</summary>
    /// <exception cref="LabFailure">It does not run.</exception>
    public async Task KillAsync(CancellationToken cancel)
    {
        if (Member is not { } member || !member.Process.Kill())
        {
            throw new LabFailure("not-running", $"the {Role.ToString().ToLowerInvariant()} of {Node} does not run",
                "start it: expether lab fault NODE --restart");
        }

        await _process!.EndedAsync(cancel);
    }

    /// <summary>Starts it, after its end.</summary>
    public async Task RestartAsync(CancellationToken cancel)
    {
        _process?.Dispose();
        _process = null;
        await StartAsync(cancel);
    }

    public void AskToStop() => _process?.AskToStop();

    public void Dispose() => _process?.Dispose();
}
