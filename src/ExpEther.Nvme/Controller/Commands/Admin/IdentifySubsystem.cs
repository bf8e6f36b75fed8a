using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>What Identify tells of the NVM subsystem as a whole (NVMe 1.4 §5.15, CNS 10h to 15h): lists, and what a primary controller has.</summary>
internal static class IdentifySubsystem
{
    /// <param name="from">The subsystem.</param>
    /// <param name="cns">Which structure.</param>
    /// <param name="namespaceId">NSID of the command.</param>
    /// <param name="controllerId">CNTID of the command: lists begin with it.</param>
    /// <param name="into">4096 bytes of zeroes.</param>
    public static void Fill(NvmSubsystem from, IdentifyCns cns, uint namespaceId, int controllerId, Span<byte> into)
    {
        switch (cns)
        {
            case IdentifyCns.AllocatedNamespaceList:
                FillAllocated(from, namespaceId, into);
                break;
            case IdentifyCns.NamespaceControllerList:
                FillControllers(from, controllerId, each => from.IsAttached(namespaceId, each), new ControllerList(into));
                break;
            case IdentifyCns.ControllerList:
                FillControllers(from, controllerId, _ => true, new ControllerList(into));
                break;
            case IdentifyCns.PrimaryControllerCapabilities:
                FillPrimary(from.Virtualization!, new PrimaryControllerCapabilities(into));
                break;
            default:
                FillSecondaries(from.Virtualization!, controllerId, new SecondaryControllerList(into));
                break;
        }
    }

    /// <summary>What namespaces that could be created have in common: their format.</summary>
    public static void FillCommon(NvmSubsystem from, IdentifyNamespace into) => into.SetLbaFormat(
        0, new LbaFormat(0, (byte)BitOperations.Log2((uint)(from.Pool?.Base.BlockBytes ?? from.Find(1)!.Backend.BlockBytes)), 0));

    private static void FillAllocated(NvmSubsystem from, uint above, Span<byte> into)
    {
        for (var id = above + 1; id <= (uint)from.NamespaceIdMax; id++)
        {
            if (from.Find(id) is not null)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(into, id);
                into = into[4..];
            }
        }
    }

    private static void FillControllers(NvmSubsystem from, int first, Func<int, bool> belongs, ControllerList into)
    {
        for (var id = first; id < from.ControllerCount; id++)
        {
            if (belongs(id))
            {
                into.Add((ushort)id);
            }
        }
    }

    private static void FillPrimary(Virtualization from, PrimaryControllerCapabilities into)
    {
        into.ControllerId = Virtualization.PrimaryId;
        into.ResourceTypes = ResourceTypes.Queues | ResourceTypes.Interrupts;
        into.Queues = from.Describe(VirtualResourceType.Queue);
        into.Interrupts = from.Describe(VirtualResourceType.Interrupt);
    }

    private static void FillSecondaries(Virtualization from, int first, SecondaryControllerList into)
    {
        foreach (var each in from.Secondaries)
        {
            if (each.Id >= first)
            {
                into.Add(each.Describe(Virtualization.PrimaryId));
            }
        }
    }
}
