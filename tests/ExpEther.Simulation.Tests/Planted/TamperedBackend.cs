using ExpEther.Nvme.Backends;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A backend whose requests and completions go through a bug's hands.</summary>
internal abstract class TamperedBackend(IBlockBackend inner) : IBlockBackend
{
    public long LengthBytes => inner.LengthBytes;

    public int BlockBytes => inner.BlockBytes;

    public bool IsReadOnly => inner.IsReadOnly;

    public virtual bool DeallocatedReadsZeroes => inner.DeallocatedReadsZeroes;

    public int WriteGranularityBytes => inner.WriteGranularityBytes;

    public int DeallocateGranularityBytes => inner.DeallocateGranularityBytes;

    public bool TrySubmit(in BlockRequest request) => inner.TrySubmit(Changed(request));

    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        var any = inner.TryTakeCompletion(out completion);
        completion = Changed(completion);
        return any;
    }

    protected virtual BlockRequest Changed(in BlockRequest request) => request;

    protected virtual BlockCompletion Changed(in BlockCompletion completion) => completion;
}
