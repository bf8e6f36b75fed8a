using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// What a disk does about asynchronous events: it reports them, reads the log page that each names, which re-arms it (NVMe 1.4 §5.2), and
/// lists the namespaces anew where they changed. What comes while the disk is brought up or reset waits until it is live: namespaces may
/// have been listed before it, and unread it would be the last of its kind.
/// </summary>
/// <param name="function">The disk's.</param>
/// <param name="admin">Where log pages are read.</param>
/// <param name="rescan">Told when namespaces changed.</param>
/// <param name="events">Told of all other events.</param>
/// <param name="name">The disk's name.</param>
/// <param name="state">Of the disk.</param>
internal sealed class DiskEvents(
    PciFunction function, AdminCommands admin, NamespaceRescan rescan, IEventSink events, string name, Func<DiskState> state)
{
    private readonly HashSet<LogPageId> _unread = [];

    public void On(AsyncEvent what)
    {
        if (what.LogPage != LogPageId.ChangedNamespaceList)
        {
            events.Report(EventSeverity.Warning, name, $"asynchronous event: {what.Type}, {what.Information}");
        }

        if (state() is DiskState.Starting or DiskState.Resetting)
        {
            _unread.Add(what.LogPage);
            return;
        }

        function.Scheduler.Start(() => ReadAsync(what.LogPage));
    }

    /// <summary>The disk is live: reads what waits.</summary>
    public void ReadWaiting()
    {
        foreach (var log in _unread)
        {
            function.Scheduler.Start(() => ReadAsync(log));
        }

        _unread.Clear();
    }

    private async Task ReadAsync(LogPageId log)
    {
        if (state() == DiskState.Live && function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            await admin.GetLogPageAsync(log, page);
            function.Memory.Free(page);
        }

        if (log == LogPageId.ChangedNamespaceList)
        {
            await rescan.RunAsync();
        }
    }
}
