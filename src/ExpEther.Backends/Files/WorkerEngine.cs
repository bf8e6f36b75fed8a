using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// Carries requests out by a few threads with blocking calls, where there is no io_uring. Each has its own pair of rings; a request goes
/// to the one that has the fewest.
/// </summary>
internal sealed class WorkerEngine : IFileEngine
{
    private readonly FileWorker[] _workers = new FileWorker[BackendLimits.WorkersPerFile];
    private readonly int[] _load = new int[BackendLimits.WorkersPerFile];
    private readonly OwnerWake _wake = new();
    private int _running;
    private int _next;

    public WorkerEngine(BlockFile file, FileAbilities abilities, string name)
    {
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new FileWorker(new FileOperations(file, abilities), _wake, name);
        }
    }

    public int Depth => BackendLimits.WorkersPerFile * BackendLimits.RequestsPerWorkerMax;

    public int PollFileDescriptor => _wake.FileDescriptor;

    public bool CanStart(in BlockRequest request) => true;

    public void Start(int slot, in BlockRequest request)
    {
        var least = 0;
        for (var i = 1; i < _load.Length; i++)
        {
            least = _load[i] < _load[least] ? i : least;
        }

        _load[least]++;
        _running++;
        _workers[least].Start(new FileCall(slot, request));
    }

    public bool TryTake(out int slot, out Errno error)
    {
        _wake.Clear();
        return Look(out slot, out error) || (_running > 0 && _wake.Announce() && Look(out slot, out error));
    }

    public void Dispose()
    {
        foreach (var worker in _workers)
        {
            worker.Dispose();
        }

        _wake.Dispose();
    }

    private bool Look(out int slot, out Errno error)
    {
        for (var tries = 0; tries < _workers.Length; tries++)
        {
            _next = (_next + 1) % _workers.Length;
            if (_workers[_next].TryTake(out var end))
            {
                _load[_next]--;
                _running--;
                (slot, error) = (end.Slot, end.Error);
                return true;
            }
        }

        (slot, error) = (0, Errno.None);
        return false;
    }
}
