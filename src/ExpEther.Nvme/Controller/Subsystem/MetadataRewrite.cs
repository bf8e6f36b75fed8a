using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// Writes both copies of a pool's metadata as it has them in memory. No command of NVMe's asks for it: the box's operator does, who takes what a
/// pool in doubt says for all there is, or the pool itself after a write that failed.
/// </summary>
internal sealed class MetadataRewrite : NamespaceChange
{
    private bool _isStarted;

    public override bool Step(NvmSubsystem subsystem)
    {
        if (subsystem.Pool is not { State: PoolState.Ready or PoolState.Busy } pool)
        {
            return End(NvmeStatus.InternalError);
        }

        if (!_isStarted)
        {
            pool.StartRewriting();
            _isStarted = true;
        }

        return pool.State != PoolState.Busy && End(pool.LastError == 0 ? NvmeStatus.Success : NvmeStatus.InternalError);
    }
}
