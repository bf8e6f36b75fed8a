using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// What a primary controller has to distribute among its secondary controllers, and their states (NVMe 1.4 §8.5).
/// <para>
/// Theory. Queues (VQ) and interrupts (VI) are flexible: an offline secondary controller is assigned as many as it shall have, within what is
/// free. It goes online with at least two VQ, one VI and a VF that is there. Offline it shows CSTS.CFS and nothing else. Being set offline takes
/// its resources from it; when it falls offline because its primary controller is reset or its VF goes, it keeps what it was assigned. The
/// primary's own flexible resources change at its next reset.
/// </para>
/// </summary>
internal sealed class Virtualization(VirtualizationOptions options, Action<int, int> givePrimary)
{
    private readonly List<SecondaryController> _secondaries = [];
    private readonly int[] _primary = new int[2];
    private readonly int[] _primaryNext = new int[2];

    public IReadOnlyList<SecondaryController> Secondaries => _secondaries;

    /// <summary>The primary's CNTLID.</summary>
    public static ushort PrimaryId => 0;

    /// <summary>Secondary controllers in the order of their VFs; CNTLIDs are VF numbers. They begin with no resources.</summary>
    public void Add(SecondaryController secondary)
    {
        _secondaries.Add(secondary);
        Check.That(secondary.Id == _secondaries.Count);
        secondary.Function.Give(0, 0);
    }

    public FlexibleResources Describe(VirtualResourceType resource) => resource == VirtualResourceType.Queue
        ? new FlexibleResources(
            (uint)options.QueuesTotal, (uint)Assigned(resource), (ushort)_primary[0], (ushort)options.PrimaryQueues,
            (ushort)options.SecondaryQueuesMax, 1)
        : new FlexibleResources(
            (uint)options.InterruptsTotal, (uint)Assigned(resource), (ushort)_primary[1], (ushort)options.PrimaryInterrupts,
            (ushort)options.SecondaryInterruptsMax, 1);

    /// <param name="request">What the command asks for.</param>
    /// <param name="modified">NRM: how many resources the controller has after an assignment.</param>
    public NvmeStatus Apply(in VirtualizationRequest request, out uint modified)
    {
        modified = 0;
        switch (request.Action)
        {
            case VirtualizationAction.PrimaryFlexibleAllocation:
                return GivePrimary(request, out modified);
            case VirtualizationAction.SecondaryAssign:
                return Assign(request, out modified);
            case VirtualizationAction.SecondaryOffline or VirtualizationAction.SecondaryOnline:
                if (Find(request.ControllerId) is not { } secondary)
                {
                    return NvmeStatus.InvalidControllerIdentifier;
                }

                var online = request.Action == VirtualizationAction.SecondaryOnline;
                if (online && (secondary.Queues < ControllerLimits.OnlineQueuesMin || secondary.Interrupts < ControllerLimits.OnlineInterruptsMin
                        || !secondary.Function.Exists))
                {
                    return NvmeStatus.InvalidSecondaryControllerState;
                }

                secondary.SetOnline(online);
                if (!online)
                {
                    // §5.22: the action takes all flexible resources from it; it goes online again once it was assigned some.
                    secondary.Assign(VirtualResourceType.Queue, 0);
                    secondary.Assign(VirtualResourceType.Interrupt, 0);
                }

                return NvmeStatus.Success;
            default:
                return NvmeStatus.InvalidField;
        }
    }

    /// <summary>The VF of a secondary controller came or went.</summary>
    public void OnFunctionReset(int number) => _secondaries[number - 1].SetOnline(false);

    /// <summary>A Controller Level Reset of the primary: secondary controllers go offline, its own new resources are there.</summary>
    public void OnPrimaryReset()
    {
        foreach (var each in _secondaries)
        {
            each.SetOnline(false);
        }

        _primaryNext.CopyTo(_primary, 0);
        givePrimary(options.PrimaryQueues + _primary[0], options.PrimaryInterrupts + _primary[1]);
    }

    private NvmeStatus GivePrimary(in VirtualizationRequest request, out uint modified)
    {
        modified = 0;
        if (request.ControllerId != PrimaryId)
        {
            return NvmeStatus.InvalidControllerIdentifier;
        }

        if (request.Resource > VirtualResourceType.Interrupt)
        {
            return NvmeStatus.InvalidResourceIdentifier;
        }

        var own = request.Resource == VirtualResourceType.Queue ? options.PrimaryQueues : options.PrimaryInterrupts;
        if (request.Count > Total(request.Resource) - Assigned(request.Resource) || own + request.Count > options.PrimaryMax)
        {
            return NvmeStatus.InvalidNumberOfControllerResources;
        }

        _primaryNext[(int)request.Resource] = request.Count;
        modified = request.Count;
        return NvmeStatus.Success;
    }

    private NvmeStatus Assign(in VirtualizationRequest request, out uint modified)
    {
        modified = 0;
        if (Find(request.ControllerId) is not { } secondary)
        {
            return NvmeStatus.InvalidControllerIdentifier;
        }

        var resource = request.Resource;
        if (resource > VirtualResourceType.Interrupt)
        {
            return NvmeStatus.InvalidResourceIdentifier;
        }

        if (secondary.IsOnline)
        {
            return NvmeStatus.InvalidSecondaryControllerState;
        }

        var most = resource == VirtualResourceType.Queue ? options.SecondaryQueuesMax : options.SecondaryInterruptsMax;
        var primary = Math.Max(_primary[(int)resource], _primaryNext[(int)resource]);
        var free = Total(resource) - primary - (Assigned(resource) - secondary.Has(resource));
        if (request.Count > most || request.Count > free)
        {
            return NvmeStatus.InvalidNumberOfControllerResources;
        }

        secondary.Assign(resource, request.Count);
        modified = request.Count;
        return NvmeStatus.Success;
    }

    private SecondaryController? Find(ushort id) => id > 0 && id <= _secondaries.Count ? _secondaries[id - 1] : null;

    private int Total(VirtualResourceType resource) => resource == VirtualResourceType.Queue ? options.QueuesTotal : options.InterruptsTotal;

    private int Assigned(VirtualResourceType resource)
    {
        var sum = 0;
        foreach (var each in _secondaries)
        {
            sum += each.Has(resource);
        }

        return sum;
    }
}
