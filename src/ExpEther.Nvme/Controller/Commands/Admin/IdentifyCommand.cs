using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>
/// Identify (NVMe 1.4 §5.15): namespace, controller, active namespaces, namespace descriptors; and of a primary controller what
/// <see cref="IdentifySubsystem"/> has.
/// </summary>
internal sealed class IdentifyCommand(NvmeControllerOptions options, EndpointConfig config) : DataToHostCommand
{
    private const ushort NamespaceLocation = 4;
    private const ushort CnsLocation = 40;
    private const int UuidBytes = 16;
    private const OptionalNvmCommands Offered = OptionalNvmCommands.Compare | OptionalNvmCommands.DatasetManagement
        | OptionalNvmCommands.WriteZeroes | OptionalNvmCommands.SaveAndSelect | OptionalNvmCommands.Verify;
    // No OUI of the IEEE's is ours. One with the bit of local administration is nobody else's either (IEEE 802 §8.4); the rest spells "EX".
    private const int LocalOui = 0x02_45_58;

    private const byte CachePresentFlushTakesBroadcast = 0b111;

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out int bytes, out ushort location)
    {
        bytes = NvmeSizes.IdentifyBytes;
        location = NamespaceLocation;
        switch (Cns(engine, slot))
        {
            case IdentifyCns.Controller:
                return NvmeStatus.Success;
            case IdentifyCns.Namespace:
                // The broadcast value asks for what all namespaces have in common, where they can be managed.
                return IsValid(engine, slot.NamespaceId) || (IsPrimary && slot.NamespaceId == NvmeSizes.BroadcastNamespace)
                    ? NvmeStatus.Success
                    : NvmeStatus.InvalidNamespaceOrFormat;
            case IdentifyCns.NamespaceDescriptors:
                return Described(engine, slot.NamespaceId) is null ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
            case IdentifyCns.ActiveNamespaceList:
                return slot.NamespaceId >= NvmeSizes.BroadcastNamespace - 1 ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
            case IdentifyCns.AllocatedNamespace or IdentifyCns.NamespaceControllerList when IsPrimary:
                return IsValid(engine, slot.NamespaceId) ? NvmeStatus.Success : NvmeStatus.InvalidNamespaceOrFormat;
            case IdentifyCns.AllocatedNamespaceList when IsPrimary:
                return slot.NamespaceId >= NvmeSizes.BroadcastNamespace - 1 ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
            case IdentifyCns.ControllerList or IdentifyCns.PrimaryControllerCapabilities or IdentifyCns.SecondaryControllerList when IsPrimary:
                return NvmeStatus.Success;
            default:
                location = CnsLocation;
                return NvmeStatus.InvalidField;
        }
    }

    protected override void Fill(CommandEngine engine, in CommandSlot slot, Span<byte> into)
    {
        switch (Cns(engine, slot))
        {
            case IdentifyCns.Controller:
                FillController(engine.Parts, new IdentifyController(into));
                break;
            case IdentifyCns.Namespace when slot.NamespaceId == NvmeSizes.BroadcastNamespace:
                IdentifySubsystem.FillCommon(engine.Parts.Subsystem, new IdentifyNamespace(into));
                break;
            case IdentifyCns.Namespace:
                // §5.15: zeroes for a namespace that is not attached, or has been detached a moment ago.
                FillNamespace(new IdentifyNamespace(into), engine.Parts.Backends.Find(slot.NamespaceId)?.Namespace);
                break;
            case IdentifyCns.ActiveNamespaceList:
                FillActive(engine.Parts.Backends, slot.NamespaceId, into);
                break;
            case IdentifyCns.NamespaceDescriptors:
                FillDescriptors(Described(engine, slot.NamespaceId), into);
                break;
            case IdentifyCns.AllocatedNamespace:
                FillNamespace(new IdentifyNamespace(into), engine.Parts.Subsystem.Find(slot.NamespaceId));
                break;
            default:
                IdentifySubsystem.Fill(
                    engine.Parts.Subsystem, Cns(engine, slot), slot.NamespaceId, (int)(engine.Parts.Commands.Entry(slot.Index).Dw10 >> 16), into);
                break;
        }
    }

    private bool IsPrimary => config.SrIov is not null;

    /// <summary>Whoever manages namespaces must be able to tell one from its successor under the same NSID, attached or not.</summary>
    private NvmeNamespace? Described(CommandEngine engine, uint id) =>
        IsPrimary ? engine.Parts.Subsystem.Find(id) : engine.Parts.Backends.Find(id)?.Namespace;

    private static bool IsValid(CommandEngine engine, uint id) => id > 0 && id <= (uint)engine.Parts.Subsystem.NamespaceIdMax;

    private static IdentifyCns Cns(CommandEngine engine, in CommandSlot slot) =>
        (IdentifyCns)(byte)engine.Parts.Commands.Entry(slot.Index).Dw10;

    private static void FillActive(BackendDispatch attached, uint above, Span<byte> into)
    {
        for (var each = attached.FindFrom(above + 1); each is not null; each = attached.FindFrom(each.Id + 1))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into, each.Id);
            into = into[4..];
        }
    }

    private static void FillDescriptors(NvmeNamespace? of, Span<byte> into)
    {
        if (of is not null)
        {
            into[0] = (byte)NamespaceIdType.Uuid;
            into[1] = UuidBytes;
            of.Uuid.TryWriteBytes(into.Slice(4, UuidBytes), bigEndian: true, out _);
        }
    }

    private static void FillNamespace(IdentifyNamespace into, NvmeNamespace? from)
    {
        if (from is null)
        {
            return;
        }

        into.IsShared = from.IsShared;
        into.AllocatedBytes = (ulong)(from.Pooled?.AllocatedBytes ?? from.Backend.LengthBytes);
        into.Size = from.Blocks;
        into.Capacity = from.Blocks;
        into.Utilization = from.Blocks;
        into.IsWriteProtected = from.IsReadOnly;
        into.DeallocateFeatures = from.Backend.DeallocatedReadsZeroes
            ? DeallocateFeatures.ReadsZeroes | DeallocateFeatures.WriteZeroesDeallocates
            : DeallocateFeatures.None;
        into.HasOptimalSizes = true;
        into.PreferredWriteGranularity = InBlocks(from, from.Backend.WriteGranularityBytes);
        into.PreferredDeallocateGranularity = InBlocks(from, from.Backend.DeallocateGranularityBytes);
        into.SetLbaFormat(0, new LbaFormat(0, (byte)from.BlockShift, 0));
    }

    /// <summary>0's based, as the fields are.</summary>
    private static ushort InBlocks(NvmeNamespace of, int bytes) => (ushort)Math.Clamp((bytes >> of.BlockShift) - 1, 0, ushort.MaxValue);

    private void FillController(ControllerParts parts, IdentifyController into)
    {
        into.VendorId = options.VendorId;
        into.SubsystemVendorId = options.VendorId;
        into.SerialNumber = options.SerialNumber;
        into.ModelNumber = options.ModelNumber;
        into.FirmwareRevision = options.FirmwareRevision;
        into.ArbitrationBurst = 4;
        into.IeeeOui = LocalOui;
        into.MaxDataTransfer = (byte)BitOperations.Log2((uint)(options.MaxDataTransferBytes / NvmeSizes.PageBytesMin));
        into.Version = NvmeRegister.Version14;
        into.OptionalAsyncEvents = FeatureSet.NamespaceAttributeNotices;
        into.ControllerType = 1;
        into.AbortCommandLimit = ControllerLimits.AbortCommandsMax - 1;
        into.AsyncEventRequestLimit = ControllerLimits.AsyncEventRequestsMax - 1;
        into.FirmwareUpdates = FirmwareLog.OneReadOnlySlot;
        into.LogPageAttributes = GetLogPageCommand.Attributes;
        into.ErrorLogPageEntries = ControllerLimits.ErrorLogEntriesMax - 1;
        into.WarningTemperature = HealthState.WarningKelvin;
        into.CriticalTemperature = HealthState.CriticalKelvin;
        into.SubmissionEntrySizes = 0x66;
        into.CompletionEntrySizes = 0x44;
        into.NamespaceCount = (uint)parts.Subsystem.NamespaceIdMax;
        into.OptionalNvmCommands = Offered;
        into.VolatileWriteCache = CachePresentFlushTakesBroadcast;
        // §7.9: the form for those who own no domain name. Hosts take controllers with equal NQNs for paths to one disk.
        into.SubsystemNqn = $"nqn.2014-08.org.nvmexpress:uuid:{StableUuid.Make(options, 0)}";
        into.ControllerId = (ushort)parts.ControllerId;
        if (parts.Subsystem.Virtualization is not null)
        {
            into.MultiPath = MultiPathCapabilities.SeveralControllers | (IsPrimary ? MultiPathCapabilities.None : MultiPathCapabilities.VirtualFunction);
        }

        if (IsPrimary)
        {
            into.OptionalAdminCommands = OptionalAdminCommands.NamespaceManagement | OptionalAdminCommands.VirtualizationManagement;
            into.TotalCapacity = (ulong)(parts.Subsystem.Pool?.TotalBytes ?? 0);
            into.UnallocatedCapacity = (ulong)(parts.Subsystem.Pool?.FreeBytes ?? 0);
            into.VendorFeatures = ExpEtherFeatures.ResizeNamespace;
        }
    }
}
