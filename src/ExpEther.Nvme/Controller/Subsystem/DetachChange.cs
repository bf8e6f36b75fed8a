using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// Detaches a namespace from controllers (NVMe 1.4 §5.19). It is over when the backend has given back what these controllers asked of it, so
/// that nothing of a former owner's lands after it.
/// </summary>
internal sealed class DetachChange(uint namespaceId, int[] controllers) : NamespaceChange
{
    private bool _isDetached;

    public override bool Step(NvmSubsystem subsystem)
    {
        if (!_isDetached)
        {
            if (subsystem.Find(namespaceId) is not { } target)
            {
                return End(NvmeStatus.InvalidNamespaceOrFormat);
            }

            if (!Array.TrueForAll(controllers, each => each < subsystem.ControllerCount))
            {
                return End(NvmeStatus.ControllerListInvalid);
            }

            if (!Array.TrueForAll(controllers, each => subsystem.IsAttached(namespaceId, each)))
            {
                return End(NvmeStatus.NamespaceNotAttached);
            }

            foreach (var each in controllers)
            {
                subsystem.Detach(target, each);
            }

            _isDetached = true;
        }

        return !Array.Exists(controllers, each => subsystem.Controller(each).Parts.Backends.IsInUse(namespaceId)) && End(NvmeStatus.Success);
    }
}
