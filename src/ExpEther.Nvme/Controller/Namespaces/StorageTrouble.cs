using ExpEther.Core.Time;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Commands;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>
/// What is wrong with the storage behind a subsystem, for the box: hosts learn by status codes that a command failed, and cannot do anything about
/// it. Told at once and then at growing intervals, a kind of trouble by itself; shown for as long as it may still be so.
/// </summary>
internal sealed class StorageTrouble(string name, IEventSink events)
{
    private static readonly int Kinds = Enum.GetValues<StorageTroubleKind>().Length;

    private readonly RepeatLimiter?[] _limiters = new RepeatLimiter?[Kinds];
    private readonly string[] _texts = new string[Kinds];
    private readonly Instant?[] _last = new Instant?[Kinds];
    private readonly long[] _counts = new long[Kinds];

    /// <summary>Something that was to be kept could not be (SMART critical warning bit 2); a later success does not bring it back.</summary>
    public bool IsDegraded { get; private set; }

    /// <summary>Writes were refused lately because the medium can only be read (critical warning bit 3).</summary>
    public bool IsReadOnly(Instant now) => IsNow(StorageTroubleKind.ReadOnly, now);

    /// <summary>In words; empty: nothing was wrong lately.</summary>
    public string Text(Instant now)
    {
        var texts = Enumerable.Range(0, Kinds).Where(kind => IsNow((StorageTroubleKind)kind, now)).Select(kind => $"{_texts[kind]} ({Times(_counts[kind])})");
        return string.Join("; ", texts);
    }

    /// <summary>A backend failed.</summary>
    /// <param name="namespaceId">NSID.</param>
    /// <param name="operation">What it was asked.</param>
    /// <param name="offsetBytes">Where in the namespace; of no meaning for a flush.</param>
    /// <param name="errno">Its answer; not 0.</param>
    /// <param name="now">The controller's time.</param>
    /// <returns>True: <see cref="IsDegraded"/> or <see cref="IsReadOnly"/> became true.</returns>
    public bool OnError(uint namespaceId, BlockOperation operation, long offsetBytes, int errno, Instant now)
    {
        var kind = BackendErrors.KindOf(errno);
        if (kind == StorageTroubleKind.None)
        {
            return false;
        }

        var at = (int)kind;
        var isReadOnlyNow = kind == StorageTroubleKind.ReadOnly && !IsReadOnly(now);
        var isDegradedNow = kind == StorageTroubleKind.Media && operation != BlockOperation.Read && !IsDegraded;
        IsDegraded |= isDegradedNow;
        _counts[at]++;
        _last[at] = now;
        _limiters[at] ??= new RepeatLimiter(ControllerLimits.TroubleAgainMin, ControllerLimits.TroubleAgainMax);
        if (_limiters[at]!.ShouldTell(now, out var keptBack))
        {
            _texts[at] = Describe(kind, namespaceId, operation, offsetBytes, errno);
            events.Report(EventSeverity.Error, name, keptBack > 0 ? $"{_texts[at]} ({keptBack} more since the last report)" : _texts[at]);
        }

        return isReadOnlyNow || isDegradedNow;
    }

    private bool IsNow(StorageTroubleKind kind, Instant now) =>
        _last[(int)kind] is { } last && now - last < ControllerLimits.TroubleShown;

    private static string Times(long count) => count == 1 ? "once" : $"{count} times";

    private static string Describe(StorageTroubleKind kind, uint namespaceId, BlockOperation operation, long offsetBytes, int errno) =>
        $"namespace {namespaceId}: " + kind switch
        {
            StorageTroubleKind.Full =>
                $"the storage behind it has no room left (errno {errno}), and what hosts write there is refused: make room on its file system",
            StorageTroubleKind.ReadOnly => $"the storage behind it can only be read now (errno {errno}), and what hosts write there is refused: look at the "
                + "kernel's log; a file system that met an error becomes so",
            StorageTroubleKind.NoMemory => $"a request to the storage behind it failed for want of memory (errno {errno}): give the box more",
            StorageTroubleKind.Defect =>
                $"the storage behind it was asked what it cannot do ({Verb(operation)} at {offsetBytes}, errno {errno}): please report it",
            _ when operation == BlockOperation.Flush =>
                $"what hosts wrote may be lost: a flush of the storage behind it failed (errno {errno}); look at the kernel's log and at the disk",
            _ => $"{Verb(operation)} at {offsetBytes} failed in the storage behind it (errno {errno}): look at the kernel's log and at the disk",
        };

    private static string Verb(BlockOperation operation) => operation switch
    {
        BlockOperation.Read => "reading",
        BlockOperation.Write => "writing",
        BlockOperation.Flush => "flushing",
        BlockOperation.WriteZeroes => "zeroing",
        _ => "deallocating",
    };
}
