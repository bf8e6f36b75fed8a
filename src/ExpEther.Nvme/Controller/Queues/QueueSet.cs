using System.Numerics;

namespace ExpEther.Nvme.Controller.Queues;

/// <summary>
/// All queues, the admin queue being number 0, and the round robin between them (NVMe 1.4 §4.13): the admin queue first, then the I/O
/// queues in turn, each at most its arbitration burst.
/// </summary>
internal sealed class QueueSet
{
    private readonly SubmissionQueue[] _submission;
    private readonly CompletionQueue[] _completion;
    private ulong _ready;
    private int _turn;
    private int _pairs;

    public QueueSet(int pairs)
    {
        Check.That(pairs is > 0 and <= ControllerLimits.QueuePairsMax);
        _pairs = pairs;
        _submission = new SubmissionQueue[pairs + 1];
        _completion = new CompletionQueue[pairs + 1];
        for (var id = 0; id <= pairs; id++)
        {
            _submission[id] = new SubmissionQueue(id);
            _completion[id] = new CompletionQueue(id);
        }
    }

    /// <summary>I/O queue pairs that can exist; identifiers 1 to this. Changed only while there are none.</summary>
    public int Pairs
    {
        get => _pairs;
        set
        {
            Check.That(value >= 0 && value < _submission.Length && !AnyIo);
            _pairs = value;
        }
    }

    public SubmissionQueue Submission(int id) => _submission[id];

    public CompletionQueue Completion(int id) => _completion[id];

    /// <summary>True when any I/O queue exists.</summary>
    public bool AnyIo
    {
        get
        {
            for (var id = 1; id < _submission.Length; id++)
            {
                if (_completion[id].Exists || _submission[id].Exists)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public void Reset()
    {
        for (var id = 0; id < _submission.Length; id++)
        {
            _submission[id].Delete();
            _completion[id].Delete();
        }

        _ready = 0;
        _turn = 0;
    }

    /// <summary>Keeps the ready bit of an I/O queue true to its state; call after whatever may change it.</summary>
    public void UpdateReady(SubmissionQueue queue)
    {
        if (queue.Id == 0)
        {
            return;
        }

        var bit = 1UL << (queue.Id - 1);
        _ready = queue.CanFetch ? _ready | bit : _ready & ~bit;
    }

    /// <summary>The I/O queue whose turn it is; its turn is then over.</summary>
    public bool TryTakeTurn(out SubmissionQueue queue)
    {
        queue = _submission[0];
        if (_ready == 0)
        {
            return false;
        }

        var ahead = BitOperations.RotateRight(_ready, _turn);
        var index = (_turn + BitOperations.TrailingZeroCount(ahead)) & 63;
        _turn = (index + 1) & 63;
        queue = _submission[index + 1];
        return true;
    }
}
