using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>Takes what a pool in doubt says for all there is. No command of NVMe's asks for it: the box's operator does.</summary>
internal sealed class AcceptLossChange : NamespaceChange
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
            pool.StartAcceptingLoss();
            _isStarted = true;
        }

        return pool.State != PoolState.Busy && End(pool.LastError == 0 ? NvmeStatus.Success : NvmeStatus.InternalError);
    }
}
