using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>The host's side of a queue pair.</summary>
internal sealed class TestQueue(NvmeHost host, int id, int completionId, int entries, ulong submissionBase, ulong completionBase)
{
    private int _tail;
    private int _head;
    private bool _phase = true;

    public ulong SubmissionBase => submissionBase;

    public ulong CompletionBase => completionBase;

    public int Tail => _tail;

    public void Put(ReadOnlySpan<byte> command)
    {
        command.CopyTo(host.Host.At(submissionBase + ((ulong)_tail * 64), 64));
        _tail = (_tail + 1) % entries;
    }

    public void Ring() => host.Host.Write32(NvmeRegister.SubmissionTail(id, 0), (uint)_tail);

    /// <summary>Takes an entry and tells the controller.</summary>
    public bool TryTake(out CompletionEntry entry, bool ring = true)
    {
        var at = host.Host.At(completionBase + ((ulong)_head * 16), 16);
        entry = CompletionEntry.Read(at);
        if (entry.Phase != _phase)
        {
            return false;
        }

        _head = (_head + 1) % entries;
        if (_head == 0)
        {
            _phase = !_phase;
        }

        if (ring)
        {
            RingHead();
        }

        return true;
    }

    public void RingHead() => host.Host.Write32(NvmeRegister.CompletionHead(completionId, 0), (uint)_head);
}
