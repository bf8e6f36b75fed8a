using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>Creates a namespace in the pool (NVMe 1.4 §5.20); its NSID is the result.</summary>
internal sealed class CreateChange(ulong blocks, bool isShared) : NamespaceChange
{
    private bool _isStarted;

    public override bool Step(NvmSubsystem subsystem)
    {
        if (subsystem.Pool is not { State: PoolState.Ready or PoolState.Busy } pool)
        {
            return End(NvmeStatus.NamespaceInsufficientCapacity);
        }

        if (!_isStarted)
        {
            var refusal = pool.StartCreate(blocks, isShared);
            if (refusal != PoolRefusal.None)
            {
                return End(StatusOf(refusal));
            }

            _isStarted = true;
        }

        if (pool.State == PoolState.Busy)
        {
            return false;
        }

        if (pool.Created is not { } created)
        {
            return End(NvmeStatus.InternalError);
        }

        subsystem.Add(created);
        return End(NvmeStatus.Success, created.Id);
    }

    public static NvmeStatus StatusOf(PoolRefusal refusal) => refusal switch
    {
        PoolRefusal.NoIdentifier => NvmeStatus.NamespaceIdentifierUnavailable,
        PoolRefusal.InDoubt => NvmeStatus.InternalError,
        _ => NvmeStatus.NamespaceInsufficientCapacity,
    };
}
