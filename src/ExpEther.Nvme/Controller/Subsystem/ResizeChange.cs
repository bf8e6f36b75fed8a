using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>Makes a namespace of the pool longer or shorter (<see cref="AdminOpcode.ResizeNamespace"/>) and tells its hosts.</summary>
internal sealed class ResizeChange(uint namespaceId, ulong blocks) : NamespaceChange
{
    private NvmeNamespace? _target;

    public override bool Step(NvmSubsystem subsystem)
    {
        if (_target is null)
        {
            if (subsystem.Find(namespaceId) is not { } found)
            {
                return End(NvmeStatus.InvalidNamespaceOrFormat);
            }

            if (found.Pooled is null)
            {
                return End(NvmeStatus.InvalidField);
            }

            var refusal = subsystem.Pool!.StartResize(found.Pooled, blocks);
            if (refusal != PoolRefusal.None)
            {
                return End(CreateChange.StatusOf(refusal));
            }

            _target = found;
        }

        // A shorter one is shorter before that is durable.
        var before = _target.Blocks;
        _target.FollowLength();
        if (_target.Blocks != before)
        {
            subsystem.TellChanged(_target);
        }

        return subsystem.Pool!.State != PoolState.Busy
            && End(subsystem.Pool.LastError == 0 ? NvmeStatus.Success : NvmeStatus.InternalError);
    }
}
