using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Pool;

/// <summary>
/// Namespaces carved out of one backend.
/// <para>
/// Theory. The backend is cut into chunks; a namespace is a list of extents of them. Which are whose is in metadata at the backend's start, in
/// two copies with a checksum and a version (<see cref="PoolImage"/>). A change writes the one, flushes, writes the other, flushes; only then it
/// counts: a new namespace is seen, chunks are free, the command succeeds. So at every moment at least one copy is whole, and each whole copy has
/// at least every change that counted: a crash may take back what nobody was told of, and a copy that rots takes back nothing. At opening the copies
/// are made the same again, and what was not the same is told. After a write that failed they are made the same once the backend works again
/// (<see cref="MetadataMending"/>), so that one bad copy does not wait for a second one.
/// </para>
/// <para>
/// A namespace is created or made longer in this order: chunks are zeroed, that is flushed, the metadata are written as above. So nobody ever
/// reads what another owner wrote. Deleted or made shorter: nobody sees what goes from the start; its chunks are free once both copies say
/// so durably, and not before, even if a write fails.
/// </para>
/// <para>
/// A pool of an earlier version of ExpEther had its newest change in one copy only. Where one of its copies is damaged, that may have been the newer:
/// then a namespace may be missing, whose blocks look free. Its pool opens in doubt (<see cref="Doubt"/>): namespaces are read and written, none
/// is created, resized or deleted, so that nothing of the missing one is overwritten, until <see cref="StartRewriting"/>.
/// </para>
/// <para>
/// One operation at a time; who starts one looks at <see cref="State"/> until it is over. A backend that holds no pool is made one if it
/// starts with zeroes, and refused if not.
/// </para>
/// </summary>
public sealed partial class NamespacePool
{
    private readonly PoolRequests _requests;
    private readonly PoolWork _work;
    private readonly IRandomSource _random;
    private readonly List<PoolNamespace> _namespaces = [];
    private readonly PoolCopy[] _copies = new PoolCopy[2];

    // Chunks that belong to nobody, but durably still do: free after the next write of the metadata.
    private readonly List<Extent> _limbo = [];
    private readonly MetadataMending _mending = new();
    private readonly ExtentAllocator _chunks;
    private PoolPhase _phase;
    private bool _isBlank = true;
    private string _report = "";
    private int _piece;
    private ulong _version;
    private int _newestCopy = 1;
    private PoolNamespace? _target;
    private PoolRecord? _candidate;
    private List<Extent> _allocated = [];
    private int _imageBytes;

    /// <param name="backend">Belongs to the pool from now on.</param>
    /// <param name="random">Where the UUIDs of new namespaces come from.</param>
    public NamespacePool(IBlockBackend backend, IRandomSource random)
    {
        Base = backend;
        _random = random;
        _requests = new PoolRequests(backend);
        _work = new PoolWork(backend);
        var chunks = (backend.LengthBytes - PoolLimits.DataOffset) / PoolLimits.ChunkBytes;
        _chunks = new ExtentAllocator((uint)Math.Clamp(chunks, 0, uint.MaxValue));
        _phase = PoolPhase.Read;
        if (chunks < 1)
        {
            Refuse($"it has {backend.LengthBytes} bytes, and needs {PoolLimits.DataOffset + PoolLimits.ChunkBytes} at least");
        }
        else if (backend.IsReadOnly)
        {
            Refuse("it can only be read");
        }
    }

    public PoolState State { get; private set; }

    /// <summary>Why there is no pool, in words; empty as long as there is, or may be.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Why no namespace is created, resized or deleted, in words; empty as long as they are.</summary>
    public string Doubt { get; private set; } = "";

    /// <summary>What namespaces can take, all together.</summary>
    public long TotalBytes => State == PoolState.Refused ? 0 : (long)_chunks.Total * PoolLimits.ChunkBytes;

    public long FreeBytes => State == PoolState.Refused ? 0 : (long)_chunks.FreeChunks * PoolLimits.ChunkBytes;

    internal IBlockBackend Base { get; }

    /// <summary>In order of their identifiers.</summary>
    internal IReadOnlyList<PoolNamespace> Namespaces => _namespaces;

    /// <summary>errno that the last operation ended with; 0: it went well.</summary>
    internal int LastError { get; private set; }

    /// <summary>What the last operation created; null: it was no creation, or failed.</summary>
    internal PoolNamespace? Created { get; private set; }

    internal static uint ChunksOf(long bytes) => (uint)((bytes + PoolLimits.ChunkBytes - 1) / PoolLimits.ChunkBytes);

    internal bool TrySubmit(PoolNamespace from, in BlockRequest request) => _requests.TrySubmit(from, request);

    internal bool TryTakeCompletion(out PoolNamespace from, out BlockCompletion completion) => _requests.TryTakeCompletion(out from, out completion);

    internal bool TryTakeCompletionOf(PoolNamespace from, out BlockCompletion completion) => _requests.TryTakeCompletionOf(from, out completion);

    /// <summary>What was found wrong with the metadata, or went wrong with them, since this was last asked; empty: nothing.</summary>
    internal string TakeReport()
    {
        var report = _report;
        _report = "";
        return report;
    }

    /// <summary>The copies are not the same since a write failed, and the backend looks as if it worked again: true once, until that has changed.</summary>
    internal bool TryTakeMending() => State == PoolState.Ready && Doubt.Length == 0 && _mending.TryTake();

    /// <summary>Takes what the backend has completed and goes on with the operation under way.</summary>
    /// <returns>True when there was something.</returns>
    internal bool Poll()
    {
        var any = false;
        while (Base.TryTakeCompletion(out var completion))
        {
            any = true;
            if ((completion.Cookie & PoolWork.Cookie) != 0)
            {
                _work.OnCompletion(completion.Error);
            }
            else
            {
                _mending.OnRequest(completion.Error);
                _requests.OnCompletion(completion.Cookie, completion.Error);
            }
        }

        any |= _requests.Resume();
        var issued = _work.Issued;
        while (_phase != PoolPhase.None && Step())
        {
            any = true;
        }

        return any || _work.Issued != issued;
    }

    /// <summary>Goes into the next phase, if this one is over.</summary>
    private bool Step()
    {
        switch (_phase)
        {
            case PoolPhase.Read when _work.TryDo(BlockOperation.Read, (long)_piece * PoolLimits.MetadataBytes, PoolLimits.MetadataBytes):
                OnRead();
                return true;
            case PoolPhase.Drain when _target!.InFlight == 0:
                _limbo.AddRange(_target.Shrink(_candidate!.LengthBytes));
                _target.IsHeld = false;
                _candidate = null;
                _target = null;
                Go(PoolPhase.Write);
                return true;
            case PoolPhase.Zero when _work.TryDoRanges(
                Base.DeallocatedReadsZeroes ? BlockOperation.Deallocate : BlockOperation.WriteZeroes, goesOn: false):
                Go(PoolPhase.ZeroFlush);
                return true;
            case PoolPhase.ZeroFlush when _work.TryDo(BlockOperation.Flush, 0, 0):
                Go(PoolPhase.Write);
                return true;
            case PoolPhase.Write when TryWriteCopy():
                Go(PoolPhase.WriteFlush);
                return true;
            case PoolPhase.WriteFlush when _work.TryDo(BlockOperation.Flush, 0, 0):
                _newestCopy ^= _work.Error == 0 ? 1 : 0;
                Go(PoolPhase.Mirror);
                return true;
            case PoolPhase.Mirror when TryWriteCopy():
                Go(PoolPhase.MirrorFlush);
                return true;
            case PoolPhase.MirrorFlush when _work.TryDo(BlockOperation.Flush, 0, 0):
                OnWritten();
                return true;
            case PoolPhase.Discard when _work.TryDoRanges(BlockOperation.Deallocate, goesOn: true):
                foreach (var each in _limbo)
                {
                    _chunks.Free(each);
                }

                _limbo.Clear();
                End(0);
                return true;
            default:
                return false;
        }
    }

    private bool TryWriteCopy() => _work.TryDo(BlockOperation.Write, (long)(_newestCopy ^ 1) * PoolLimits.MetadataBytes, _imageBytes);

    private void Go(PoolPhase next)
    {
        if (_phase != PoolPhase.None && _work.Error != 0)
        {
            End(_work.Error);
            return;
        }

        State = State == PoolState.Opening ? State : PoolState.Busy;
        _phase = next;
        _work.Begin();
        if (next == PoolPhase.Write)
        {
            _version++;
            var image = new PoolImage(_version, Base.BlockBytes, Records());
            var bytes = image.Write(_work.Buffer.Span);
            _imageBytes = (bytes + Base.BlockBytes - 1) & -Base.BlockBytes;
            _work.Buffer.Span[bytes.._imageBytes].Clear();
        }
    }

    private void OnWritten()
    {
        if (_work.Error != 0)
        {
            End(_work.Error);
            return;
        }

        Doubt = "";
        if (_mending.OnWritten())
        {
            Report("both copies of the pool's metadata are the same again");
        }

        if (_candidate is { } became)
        {
            if (_target is { } target)
            {
                target.Grow(became.LengthBytes, _allocated);
            }
            else
            {
                Created = new PoolNamespace(this, became);
                Insert(Created);
            }

            _allocated = [];
            _candidate = null;
        }

        _work.ClearRanges();
        foreach (var each in _limbo)
        {
            _work.AddChunks(each);
        }

        Go(PoolPhase.Discard);
    }

    private void End(int error)
    {
        if (State == PoolState.Opening && error != 0 && _isBlank)
        {
            Refuse($"its metadata cannot be written (error {error})");
            return;
        }

        if (error != 0 && _phase is PoolPhase.Write or PoolPhase.WriteFlush or PoolPhase.Mirror or PoolPhase.MirrorFlush)
        {
            _mending.OnFailed();
            Report(State == PoolState.Opening
                ? $"both copies of the pool's metadata could not be made the same (error {error}): that is tried again when the storage works"
                : $"a change of the pool's metadata could not be written to both copies (error {error}): it failed, and may be found made after a restart");
        }

        foreach (var each in _allocated)
        {
            _chunks.Free(each);
        }

        _allocated = [];
        _candidate = null;
        LastError = error;
        State = PoolState.Ready;
        _phase = PoolPhase.None;
    }
}
