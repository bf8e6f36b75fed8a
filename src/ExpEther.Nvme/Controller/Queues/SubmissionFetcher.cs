using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Queues;

/// <summary>
/// Brings commands from host memory in bursts. A fetch is made only when there are command slots for all its entries; several of one queue
/// may be under way, and they are worked off in the queue's order, since SQHD is one pointer.
/// </summary>
internal sealed class SubmissionFetcher
{
    private const int FetchBytes = ControllerLimits.FetchEntriesMax * NvmeSizes.SubmissionEntryBytes;
    private readonly Fetch[] _fetches = new Fetch[ControllerLimits.FetchesMax];
    private readonly byte[] _memory = new byte[ControllerLimits.FetchesMax * FetchBytes];
    private readonly QueueSet _queues;
    private readonly CommandTable _commands;
    private int _free;
    private int _reserved;

    public SubmissionFetcher(QueueSet queues, CommandTable commands)
    {
        _queues = queues;
        _commands = commands;
        Reset();
    }

    /// <summary>From the Arbitration feature: commands per turn of an I/O queue.</summary>
    public int Burst { get; set; } = ControllerLimits.FetchEntriesMax;

    /// <summary>Forgets all fetches; the DMA reads behind them are abandoned by the caller.</summary>
    public void Reset()
    {
        _reserved = 0;
        _free = 0;
        for (var i = 0; i < _fetches.Length; i++)
        {
            _fetches[i].Next = i + 1 < _fetches.Length ? i + 1 : -1;
        }
    }

    public Span<byte> Destination(int fetch, int offset, int bytes) => _memory.AsSpan((fetch * FetchBytes) + offset, bytes);

    /// <summary>Makes the next read of commands, the admin queue's first.</summary>
    public bool TryIssue(DmaReader reader, Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (_free < 0)
        {
            return false;
        }

        var slots = _commands.FreeCount - _reserved;
        var admin = _queues.Submission(0);
        if (admin.CanFetch && slots > 0)
        {
            length = Issue(admin, slots, ControllerLimits.FetchEntriesMax, reader, now, into);
            return true;
        }

        slots -= ControllerLimits.CommandsKeptForAdmin;
        if (slots <= 0 || !_queues.TryTakeTurn(out var queue))
        {
            return false;
        }

        length = Issue(queue, slots, Burst, reader, now, into);
        return true;
    }

    /// <summary>A read has ended. Returns the queue whose fetched commands can now be worked off.</summary>
    public SubmissionQueue OnReadEnded(int fetch, bool ok)
    {
        _fetches[fetch].IsDone = true;
        _fetches[fetch].IsFailed = !ok;
        return _queues.Submission(_fetches[fetch].Queue);
    }

    /// <summary>The oldest fetch of the queue, if its commands are here.</summary>
    public bool TryGetDone(SubmissionQueue queue, out int fetch, out int entries, out bool failed)
    {
        fetch = queue.FirstFetch;
        entries = 0;
        failed = false;
        if (fetch < 0 || !_fetches[fetch].IsDone)
        {
            return false;
        }

        entries = _fetches[fetch].Entries;
        failed = _fetches[fetch].IsFailed;
        return true;
    }

    public ReadOnlySpan<byte> Entry(int fetch, int index) =>
        Destination(fetch, index * NvmeSizes.SubmissionEntryBytes, NvmeSizes.SubmissionEntryBytes);

    /// <summary>The oldest fetch of the queue is worked off.</summary>
    public void Release(SubmissionQueue queue)
    {
        var fetch = queue.FirstFetch;
        queue.FirstFetch = _fetches[fetch].Next;
        if (queue.FirstFetch < 0)
        {
            queue.LastFetch = -1;
        }

        queue.Fetches--;
        _reserved -= _fetches[fetch].Entries;
        _fetches[fetch].Next = _free;
        _free = fetch;
        _queues.UpdateReady(queue);
    }

    /// <summary>The queue is being deleted: what is being fetched is not wanted any more.</summary>
    public void Abandon(SubmissionQueue queue, DmaReader reader)
    {
        while (queue.FirstFetch >= 0)
        {
            reader.Abandon(DmaPurpose.Commands, queue.FirstFetch);
            Release(queue);
        }
    }

    private int Issue(SubmissionQueue queue, int slots, int burst, DmaReader reader, Instant now, Span<byte> into)
    {
        var address = queue.FetchAddress;
        var entries = Math.Min(Math.Min(queue.FetchableEntries, slots), Math.Min(burst, ControllerLimits.FetchEntriesMax));
        entries = Math.Min(entries, reader.RoomAt(address) / NvmeSizes.SubmissionEntryBytes);
        Check.That(entries > 0);

        var fetch = _free;
        _free = _fetches[fetch].Next;
        _fetches[fetch] = new Fetch { Queue = queue.Id, Entries = entries, Next = -1 };
        if (queue.LastFetch >= 0)
        {
            _fetches[queue.LastFetch].Next = fetch;
        }
        else
        {
            queue.FirstFetch = fetch;
        }

        queue.LastFetch = fetch;
        queue.Fetches++;
        queue.AdvanceFetch(entries);
        _reserved += entries;
        _queues.UpdateReady(queue);
        return reader.Issue(DmaPurpose.Commands, fetch, 0, address, entries * NvmeSizes.SubmissionEntryBytes, now, into);
    }
}
