using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Loop;

namespace ExpEther.Daemon.Reload;

/// <summary>
/// <c>reload</c> and SIGHUP: reads the file that the daemon was started with, and makes all of it take effect or nothing. One at a time,
/// in the order they came. The owner's thread reads and opens nothing: links must not notice.
/// </summary>
internal sealed class Reloader : IDisposable
{
    private readonly string _name;
    private readonly Func<IStagedReload> _stage;
    private readonly Task _started;
    private readonly OwnerScheduler _scheduler;
    private readonly IEventSink _events;
    private readonly ReloadErrand _errand;
    private readonly OwnerSignal _ended;
    private bool _isBusy;
    private bool _isHangupWaiting;

    /// <param name="name">The daemon's, for the log.</param>
    /// <param name="stage">Reads the file, compares, opens; runs off the owner's thread. ConfigException: every mistake of the file.</param>
    /// <param name="started">Ends when the daemon is up; reloads that come earlier wait for it.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="events">Told what changed.</param>
    /// <param name="table">Gets the command.</param>
    public Reloader(string name, Func<IStagedReload> stage, Task started, OwnerScheduler scheduler, IEventSink events, CommandTable table)
    {
        _name = name;
        _stage = stage;
        _started = started;
        _scheduler = scheduler;
        _events = events;
        _ended = new OwnerSignal(scheduler);
        _errand = new ReloadErrand(OnHangup, () => events.Report(
            EventSeverity.Warning, name, "the terminal is closed; the daemon goes on, and did not take that for a reload"));
        table.Add("reload", async call =>
        {
            var isDryRun = call.Arguments.Flag("dryRun") ?? false;
            if (call.Arguments.Mistake() is { } mistake)
            {
                return mistake;
            }

            await _started;
            return await ReloadAsync(isDryRun);
        });
    }

    /// <summary>For the owner's loop to look after.</summary>
    public ILoopErrand Errand => _errand;

    public void Dispose() => _errand.Dispose();

    private void OnHangup()
    {
        // Several signals while one waits are one: the file is read when its turn comes.
        if (_isHangupWaiting)
        {
            return;
        }

        _isHangupWaiting = true;
        _scheduler.Start(async () =>
        {
            await _started;
            _ = await ReloadAsync(isDryRun: false, onTurn: () => _isHangupWaiting = false);
        });
    }

    private async Task<ControlReply> ReloadAsync(bool isDryRun, Action? onTurn = null)
    {
        while (_isBusy)
        {
            await _ended.Next(Instant.Never);
        }

        _isBusy = true;
        onTurn?.Invoke();
        ControlReply reply;
        try
        {
            reply = await RunAsync(isDryRun);
        }
        catch (ConfigException e)
        {
            reply = Mistakes(e);
        }
        catch (Exception e) when (e is not InvariantException)
        {
            reply = ControlReply.Fail(ControlErrorCode.Internal, $"reading the configuration failed: {e.Message}", "nothing was changed; this is a bug");
        }

        _isBusy = false;
        _ended.Set();
        if (!isDryRun && reply.Error is { } error)
        {
            _events.Report(EventSeverity.Error, _name, $"not reloaded, nothing was changed: {error.Message}");
        }

        return reply;
    }

    private async Task<ControlReply> RunAsync(bool isDryRun)
    {
        var staged = await _errand.RunAsync(_stage);
        var refusals = await CommitAsync(staged, isDryRun);
        await _errand.RunAsync(() =>
        {
            staged.Clean();
            return true;
        });
        return refusals.Count > 0 ? Refused(refusals) : ControlReply.Ok(new JsonObject
        {
            ["changes"] = new JsonArray([.. staged.Changes.Select(c => (JsonNode)c.ToJson())]),
            ["dryRun"] = isDryRun,
        });
    }

    private async Task<IReadOnlyList<ReloadRefusal>> CommitAsync(IStagedReload staged, bool isDryRun)
    {
        var isCommitted = false;
        try
        {
            var refusals = staged.Refusals();
            if (refusals.Count > 0 || isDryRun)
            {
                return refusals;
            }

            await staged.PrepareAsync();
            refusals = staged.Refusals();
            if (refusals.Count == 0)
            {
                isCommitted = true;
                staged.Commit();
                Log(staged.Changes);
            }

            return refusals;
        }
        finally
        {
            if (!isCommitted)
            {
                staged.Abandon();
            }
        }
    }

    private void Log(IReadOnlyList<ConfigChange> changes)
    {
        _events.Report(EventSeverity.Information, _name, changes.Count == 0 ? "reloaded, nothing is different" : "reloaded");
        foreach (var change in changes)
        {
            _events.Report(EventSeverity.Information, _name, change.ToString());
        }
    }

    private static ControlReply Mistakes(ConfigException e) => ControlReply.Fail(
        ControlErrorCode.BadConfiguration, e.Message, "correct the file; nothing was changed",
        new JsonObject { ["mistakes"] = new JsonArray([.. e.Errors.Select(m => (JsonNode)m.ToJson())]) });

    private static ControlReply Refused(IReadOnlyList<ReloadRefusal> refusals) => ControlReply.Fail(
        ControlErrorCode.ReloadRefused, string.Join("; ", refusals), "nothing was changed",
        new JsonObject { ["refusals"] = new JsonArray([.. refusals.Select(r => (JsonNode)r.ToJson())]) });
}
