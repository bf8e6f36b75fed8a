using ExpEther.Core.Scheduling;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// Lists a disk's namespaces anew when the controller says that they changed, and tells what is different. One look at a time: of two at once
/// the older could end last. A change after the log was read is told by another event, so the last look sees all.
/// </summary>
internal sealed class NamespaceRescan(ControllerSession session, OwnerScheduler scheduler, IEventSink events, string name, Func<bool> isLive, Action changed)
{
    private bool _wanted;
    private bool _running;

    public async Task RunAsync()
    {
        _wanted = true;
        if (_running)
        {
            return;
        }

        _running = true;
        while (_wanted && isLive())
        {
            _wanted = false;
            var before = session.Namespaces;
            if (await session.RefreshNamespacesAsync())
            {
                TellSince(before);
            }
            else
            {
                _wanted = true;
                await scheduler.Delay(NvmeDriverLimits.WatchInterval);
            }
        }

        _running = false;
    }

    /// <summary>Tells what is different from <paramref name="before"/>.</summary>
    public void TellSince(IReadOnlyList<NvmeNamespace> before)
    {
        var changes = NamespaceDifference.Describe(before, session.Namespaces).ToList();
        changes.ForEach(change => events.Report(EventSeverity.Information, name, change));
        if (changes.Count > 0)
        {
            changed();
        }
    }
}
