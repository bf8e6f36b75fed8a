using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// Deletes a namespace of the pool, or all of them (NVMe 1.4 §5.20): detached from every controller first, gone when no backend request is left
/// and the pool's record of it is durable.
/// </summary>
internal sealed class DeleteChange(uint namespaceId) : NamespaceChange
{
    private NvmeNamespace? _target;
    private bool _isDeleting;

    public override bool Step(NvmSubsystem subsystem)
    {
        while (true)
        {
            if (_target is null && !TryBegin(subsystem))
            {
                return true;
            }

            var pool = subsystem.Pool!;
            if (!_isDeleting)
            {
                if (subsystem.IsInUse(_target!.Id))
                {
                    return false;
                }

                subsystem.Remove(_target);
                pool.StartDelete(_target.Pooled!);
                _isDeleting = true;
            }

            if (pool.State == PoolState.Busy)
            {
                return false;
            }

            // It is gone in either case; but after a failure it may be back when the box starts again.
            Status = pool.LastError == 0 ? Status : NvmeStatus.InternalError;
            _isDeleting = false;
            _target = null;
            if (namespaceId != NvmeSizes.BroadcastNamespace)
            {
                return true;
            }
        }
    }

    private bool TryBegin(NvmSubsystem subsystem)
    {
        if (subsystem.Pool is { Doubt.Length: > 0 })
        {
            End(NvmeStatus.InternalError);
        }
        else if (namespaceId == NvmeSizes.BroadcastNamespace)
        {
            _target = subsystem.FirstPooled;
        }
        else if (subsystem.Find(namespaceId) is not { } named)
        {
            End(NvmeStatus.InvalidNamespaceOrFormat);
        }
        else if (named.Pooled is null)
        {
            // A configured one is nobody's to delete but the configuration's.
            End(NvmeStatus.InvalidField);
        }
        else
        {
            _target = named;
        }

        if (_target is not null)
        {
            subsystem.DetachFromAll(_target);
        }

        return _target is not null;
    }
}
