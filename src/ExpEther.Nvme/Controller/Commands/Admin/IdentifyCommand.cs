using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Identify (NVMe 1.4 §5.15): namespace, controller, active namespaces, namespace descriptors.</summary>
internal sealed class IdentifyCommand(NvmeControllerOptions options) : DataToHostCommand
{
    private const ushort NamespaceLocation = 4;
    private const ushort CnsLocation = 40;
    private const int UuidBytes = 16;
    private const OptionalNvmCommands Offered = OptionalNvmCommands.Compare | OptionalNvmCommands.DatasetManagement
        | OptionalNvmCommands.WriteZeroes | OptionalNvmCommands.SaveAndSelect | OptionalNvmCommands.Verify;
    private const byte CachePresentFlushTakesBroadcast = 0b111;

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out int bytes, out ushort location)
    {
        bytes = NvmeSizes.IdentifyBytes;
        location = NamespaceLocation;
        switch (Cns(engine, slot))
        {
            case IdentifyCns.Controller:
                return NvmeStatus.Success;
            case IdentifyCns.Namespace or IdentifyCns.NamespaceDescriptors:
                // Without namespace management the broadcast value names no namespace here.
                return engine.Parts.Backends.Find(slot.NamespaceId) is null ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
            case IdentifyCns.ActiveNamespaceList:
                return slot.NamespaceId >= NvmeSizes.BroadcastNamespace - 1 ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.Success;
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
                FillController(new IdentifyController(into), engine.Parts.Backends.Count);
                break;
            case IdentifyCns.Namespace:
                FillNamespace(new IdentifyNamespace(into), engine.Parts.Backends.Find(slot.NamespaceId)!);
                break;
            case IdentifyCns.ActiveNamespaceList:
                FillList(slot.NamespaceId, engine.Parts.Backends.Count, into);
                break;
            default:
                into[0] = (byte)NamespaceIdType.Uuid;
                into[1] = UuidBytes;
                engine.Parts.Backends.Find(slot.NamespaceId)!.Uuid.TryWriteBytes(into.Slice(4, UuidBytes), bigEndian: true, out _);
                break;
        }
    }

    private static IdentifyCns Cns(CommandEngine engine, in CommandSlot slot) =>
        (IdentifyCns)(byte)engine.Parts.Commands.Entry(slot.Index).Dw10;

    private static void FillList(uint above, int count, Span<byte> into)
    {
        for (var id = above + 1; id <= (uint)count; id++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into, id);
            into = into[4..];
        }
    }

    private static void FillNamespace(IdentifyNamespace into, NvmeNamespace from)
    {
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

    private void FillController(IdentifyController into, int namespaces)
    {
        into.VendorId = options.VendorId;
        into.SubsystemVendorId = options.VendorId;
        into.SerialNumber = options.SerialNumber;
        into.ModelNumber = options.ModelNumber;
        into.FirmwareRevision = options.FirmwareRevision;
        into.ArbitrationBurst = 4;
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
        into.NamespaceCount = (uint)namespaces;
        into.OptionalNvmCommands = Offered;
        into.VolatileWriteCache = CachePresentFlushTakesBroadcast;
        // §7.9: the form for those who own no domain name. Hosts take controllers with equal NQNs for paths to one disk.
        into.SubsystemNqn = $"nqn.2014-08.org.nvmexpress:uuid:{StableUuid.Make(options, 0)}";
    }
}
