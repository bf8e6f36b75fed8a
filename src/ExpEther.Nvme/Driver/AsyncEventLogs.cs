using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// What a driver does about asynchronous events: it reads the log page that each names, which re-arms it (NVMe 1.4 §5.2), and then what the
/// page is about. An event that comes while the controller is brought up or reset waits until that is over: what it tells of may have been
/// looked at before it, and unread it would be the last of its kind.
/// </summary>
/// <param name="function">The controller's.</param>
/// <param name="admin">Where log pages are read.</param>
/// <param name="events">Told of all but changes of namespaces, which whoever follows them tells.</param>
/// <param name="name">The source of those reports.</param>
/// <param name="isLive">The controller is in use, and neither being brought up nor reset.</param>
/// <param name="followUp">Runs after a log page was read, while the controller is live.</param>
internal sealed class AsyncEventLogs(
    PciFunction function, AdminCommands admin, IEventSink events, string name, Func<bool> isLive, Func<LogPageId, Task> followUp)
{
    private readonly HashSet<LogPageId> _unread = [];

    public void On(AsyncEvent what)
    {
        if (what.LogPage != LogPageId.ChangedNamespaceList)
        {
            events.Report(EventSeverity.Warning, name, $"asynchronous event: {what.Type}, {what.Information}");
        }

        _unread.Add(what.LogPage);
        ReadWaiting();
    }

    /// <summary>Reads what waits, if the controller is live; called when it becomes so.</summary>
    public void ReadWaiting()
    {
        if (!isLive())
        {
            return;
        }

        foreach (var log in _unread)
        {
            function.Scheduler.Start(() => ReadAsync(log));
        }

        _unread.Clear();
    }

    private async Task ReadAsync(LogPageId log)
    {
        if (!isLive())
        {
            // It was lost between the event and now; the log page is read once the controller is back.
            _unread.Add(log);
            return;
        }

        if (function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            await admin.GetLogPageAsync(log, page);
            function.Memory.Free(page);
        }

        if (isLive())
        {
            await followUp(log);
        }
    }
}
