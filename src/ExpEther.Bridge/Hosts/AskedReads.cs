using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// A function's reads of memory that its host must be asked for. They are asked for as they come and taken in the order of their answers; what
/// nobody wants any more is taken too, so that the host's table of them does not fill up.
/// </summary>
internal sealed class AskedReads(IAskedMemory memory)
{
    private readonly byte[] _data = new byte[TlpLimits.PayloadBytesMax];
    private readonly byte[] _waste = new byte[TlpLimits.PayloadBytesMax];
    private readonly List<(int Ticket, int Bytes)> _abandoned = [];

    public bool HasAbandoned => _abandoned.Count > 0;

    /// <returns>False: too many wait; to be tried again.</returns>
    public bool TryAsk(ref DmaAnswer answer)
    {
        if (!memory.TryBeginRead(new HostAddress(answer.Address), answer.Bytes, out answer.Ticket))
        {
            return false;
        }

        answer.Step = AskedStep.Waiting;
        return true;
    }

    /// <summary>Looks whether the data of the first answer have come.</summary>
    /// <returns>False: not yet, or they are not asked for yet.</returns>
    public bool TryTake(ref DmaAnswer answer)
    {
        if (answer.Step == AskedStep.Waiting)
        {
            var read = memory.TakeRead(answer.Ticket, _data.AsSpan(0, answer.Bytes));
            answer.Step = read switch
            {
                AskedRead.Done => AskedStep.Here,
                AskedRead.Failed => AskedStep.Failed,
                _ => AskedStep.Waiting,
            };
        }

        return answer.Step is AskedStep.Here or AskedStep.Failed;
    }

    /// <summary>Data of the answer that was taken last.</summary>
    public void CopyTo(Span<byte> into, in DmaAnswer answer, ulong address) => _data.AsSpan((int)(address - answer.Address), into.Length).CopyTo(into);

    /// <summary>Nobody wants the answer any more.</summary>
    public void Abandon(ref DmaAnswer answer)
    {
        if (answer.Step == AskedStep.Waiting)
        {
            _abandoned.Add((answer.Ticket, answer.Bytes));
        }

        answer.Step = AskedStep.Failed;
    }

    public void DropAbandoned()
    {
        for (var i = _abandoned.Count - 1; i >= 0; i--)
        {
            if (memory.TakeRead(_abandoned[i].Ticket, _waste.AsSpan(0, _abandoned[i].Bytes)) != AskedRead.Waiting)
            {
                _abandoned.RemoveAt(i);
            }
        }
    }
}
