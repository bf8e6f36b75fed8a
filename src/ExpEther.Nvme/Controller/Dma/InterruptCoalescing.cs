using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Queues;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Interrupts that are held so that one tells of several completions (NVMe 1.4 §5.21.1.8, §5.21.1.9, §7.5).
/// <para>
/// Theory: off unless the host set both a threshold and a time. A vector's first completion entry starts its time; the entry that reaches
/// the threshold, or the end of the time, sends one interrupt for all. The admin queue's interrupts are never held, and one of them that
/// shares the vector tells of what is held there too.
/// </para>
/// </summary>
internal sealed class InterruptCoalescing(FeatureSet features, QueueSet queues)
{
    private readonly int[] _held = new int[ControllerLimits.QueuePairsMax + 1];
    private readonly Instant[] _due = new Instant[ControllerLimits.QueuePairsMax + 1];

    /// <summary>When the first of the held interrupts must leave.</summary>
    public Instant? NextDeadline { get; private set; }

    public void Reset()
    {
        Array.Clear(_held);
        NextDeadline = null;
    }

    /// <summary>An entry was written to a queue that has interrupts.</summary>
    /// <returns>False: its interrupt leaves now.</returns>
    public bool TryHold(CompletionQueue queue, Instant now)
    {
        var vector = queue.Vector;
        if (queue.Id == 0 || !features.Coalesces(vector) || _held[vector] + 1 >= features.AggregationThreshold)
        {
            Release(vector);
            return false;
        }

        if (_held[vector]++ == 0)
        {
            _due[vector] = now + features.AggregationTime;
            NextDeadline = Instant.Earliest(NextDeadline, _due[vector]);
        }

        return true;
    }

    /// <summary>A queue whose vector's time is over.</summary>
    public bool TryTakeDue(Instant now, out CompletionQueue queue)
    {
        queue = queues.Completion(0);
        while (NextDeadline <= now)
        {
            var vector = 0;
            while (_held[vector] == 0 || _due[vector] > now)
            {
                vector++;
            }

            Release(vector);
            for (var id = 1; id <= queues.Pairs; id++)
            {
                queue = queues.Completion(id);
                if (queue.Exists && queue.InterruptsEnabled && queue.Vector == vector)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void Release(int vector)
    {
        if (_held[vector] == 0)
        {
            return;
        }

        _held[vector] = 0;
        NextDeadline = null;
        for (var each = 0; each < _held.Length; each++)
        {
            NextDeadline = _held[each] > 0 ? Instant.Earliest(NextDeadline, _due[each]) : NextDeadline;
        }
    }
}
