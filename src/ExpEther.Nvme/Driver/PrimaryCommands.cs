using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// The admin commands that are for a primary controller: Identify CNS 10h to 15h, Namespace Management and Attachment, Virtualization
/// Management (NVMe 1.4 §5.15, §5.19, §5.20, §5.22), and the resize of controllers of ours. Null stands for a command that failed.
/// </summary>
internal sealed class PrimaryCommands(PciFunction function, AdminCommands admin)
{
    public Task<PrimaryResources?> ReadResourcesAsync() => AskAsync(IdentifyCns.PrimaryControllerCapabilities, 0, 0, static bytes =>
    {
        var capabilities = new PrimaryControllerCapabilities(bytes);
        return new PrimaryResources(capabilities.ControllerId, capabilities.ResourceTypes, capabilities.Queues, capabilities.Interrupts);
    });

    /// <summary>All secondary controllers; a list that does not fit one page comes in several.</summary>
    public async Task<IReadOnlyList<SecondaryControllerEntry>?> ListSecondariesAsync()
    {
        var all = new List<SecondaryControllerEntry>();
        while (all.Count < NvmeDriverLimits.SecondaryControllersMax)
        {
            var from = (ushort)(all.Count == 0 ? 0 : all[^1].ControllerId + 1);
            var page = await AskAsync(IdentifyCns.SecondaryControllerList, 0, from, static bytes =>
            {
                var list = new SecondaryControllerList(bytes);
                var count = Math.Min(list.Count, SecondaryControllerList.CountMax);
                var entries = new SecondaryControllerEntry[count];
                for (var i = 0; i < count; i++)
                {
                    entries[i] = list[i];
                }

                return entries;
            });
            if (page is null)
            {
                return null;
            }

            // A list that does not go on upwards would never end.
            var next = page.Where(e => all.Count == 0 || e.ControllerId > all[^1].ControllerId).OrderBy(e => e.ControllerId).ToList();
            all.AddRange(next);
            if (page.Length < SecondaryControllerList.CountMax || next.Count == 0)
            {
                break;
            }
        }

        return all;
    }

    public Task<NvmeResult> VirtualizeAsync(VirtualizationRequest request)
        => admin.SendAsync(new NvmeCommand(AdminOpcode.VirtualizationManagement, dw10: request.ToDw10(), dw11: request.ToDw11()));

    /// <summary>NSIDs of all namespaces of the subsystem.</summary>
    public async Task<IReadOnlyList<uint>?> ListAllocatedAsync()
    {
        var all = new List<uint>();
        while (all.Count < NvmeDriverLimits.NamespacesMax)
        {
            var above = all.Count == 0 ? 0 : all[^1];
            var page = await AskAsync(IdentifyCns.AllocatedNamespaceList, above, 0, bytes => NamespaceIds(bytes, above));
            if (page is null)
            {
                return null;
            }

            all.AddRange(page);
            if (page.Length < NvmeSizes.IdentifyBytes / 4)
            {
                break;
            }
        }

        return all;
    }

    /// <summary>Null: it failed, or there is no such namespace.</summary>
    public async Task<AllocatedNamespace?> DescribeAsync(uint nsid)
    {
        var found = await AskAsync(IdentifyCns.AllocatedNamespace, nsid, 0, bytes => Describe(nsid, bytes));
        if (found is not { Blocks: > 0 })
        {
            return null;
        }

        // Older controllers tell it of active namespaces only.
        var uuid = await AskAsync(IdentifyCns.NamespaceDescriptors, nsid, 0, static bytes => (Guid?)UuidAmong(bytes));
        return uuid is { } id && id != Guid.Empty ? found with { Uuid = id } : found;
    }

    /// <summary>CNTLIDs of the controllers that a namespace is attached to.</summary>
    public Task<ushort[]?> ListAttachedAsync(uint nsid) => AskAsync(IdentifyCns.NamespaceControllerList, nsid, 0, static bytes =>
    {
        var list = new ControllerList(bytes);
        var ids = new ushort[Math.Min(list.Count, ControllerList.CountMax)];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = list[i];
        }

        return ids;
    });

    /// <summary>The first format without metadata, as it is common to all namespaces (§5.15.2.1: NSID FFFFFFFFh).</summary>
    public Task<(int Index, int BlockBytes)?> FindFormatAsync()
        => AskAsync(IdentifyCns.Namespace, NvmeSizes.BroadcastNamespace, 0, static bytes =>
        {
            var identify = new IdentifyNamespace(bytes);
            for (var i = 0; i <= Math.Min(identify.LbaFormatCountMinusOne, (byte)15); i++)
            {
                if (identify.GetLbaFormat(i) is { MetadataBytes: 0, DataSizeLog2: >= 9 and <= 16 } format)
                {
                    return ((int, int)?)(i, format.BlockBytes);
                }
            }

            return null;
        });

    /// <summary>Creates a private namespace, attached to no controller. The result's value is its NSID.</summary>
    public Task<NvmeResult> CreateAsync(ulong blocks, int formatIndex) => TellAsync(
        bytes =>
        {
            var identify = new IdentifyNamespace(bytes) { Size = blocks, Capacity = blocks, FormattedLbaSize = (byte)formatIndex };
            identify.IsShared = false;
        },
        page => new NvmeCommand(AdminOpcode.NamespaceManagement, 0, page, (uint)NamespaceManagementSelect.Create));

    public Task<NvmeResult> DeleteAsync(uint nsid)
        => admin.SendAsync(new NvmeCommand(AdminOpcode.NamespaceManagement, nsid, dw10: (uint)NamespaceManagementSelect.Delete));

    public Task<NvmeResult> ResizeAsync(uint nsid, ulong blocks)
        => admin.SendAsync(new NvmeCommand(AdminOpcode.ResizeNamespace, nsid, dw10: (uint)blocks, dw11: (uint)(blocks >> 32)));

    public Task<NvmeResult> AttachAsync(uint nsid, ushort controllerId, bool attach) => TellAsync(
        bytes => new ControllerList(bytes).Add(controllerId),
        page => new NvmeCommand(
            AdminOpcode.NamespaceAttachment, nsid, page, (uint)(attach ? NamespaceAttachmentSelect.Attach : NamespaceAttachmentSelect.Detach)));

    private static uint[] NamespaceIds(ReadOnlySpan<byte> bytes, uint above)
    {
        var ids = new List<uint>();
        for (; !bytes.IsEmpty && BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var id && id > above; bytes = bytes[4..])
        {
            ids.Add(id);
            above = id;
        }

        return [.. ids];
    }

    private static AllocatedNamespace Describe(uint nsid, Span<byte> bytes)
    {
        var identify = new IdentifyNamespace(bytes);
        var uuid = new Guid(identify.Nguid, bigEndian: true);
        if (uuid == Guid.Empty)
        {
            Span<byte> padded = stackalloc byte[16];
            identify.Eui64.CopyTo(padded[8..]);
            uuid = new Guid(padded, bigEndian: true);
        }

        var format = identify.Format;
        return new AllocatedNamespace(
            nsid, uuid, identify.Size, format.DataSizeLog2 is >= 9 and <= 16 ? format.BlockBytes : 512, identify.IsShared, identify.IsWriteProtected);
    }

    /// <summary>The UUID in a list of namespace identification descriptors (§5.15.2.4: type, length, two reserved bytes, identifier).</summary>
    private static Guid UuidAmong(ReadOnlySpan<byte> bytes)
    {
        const int HeaderBytes = 4;
        const int UuidBytes = 16;
        while (bytes.Length >= HeaderBytes && bytes[1] > 0 && HeaderBytes + bytes[1] <= bytes.Length)
        {
            if (bytes[0] == (byte)NamespaceIdType.Uuid && bytes[1] == UuidBytes)
            {
                return new Guid(bytes.Slice(HeaderBytes, UuidBytes), bigEndian: true);
            }

            bytes = bytes[(HeaderBytes + bytes[1])..];
        }

        return Guid.Empty;
    }

    private async Task<T?> AskAsync<T>(IdentifyCns cns, uint nsid, ushort controllerId, Reader<T> read)
    {
        if (!function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            return default;
        }

        var result = await admin.IdentifyAsync(cns, nsid, page, controllerId);
        var answer = result.IsSuccess ? read(function.Memory.SpanOf(page)) : default;
        function.Memory.Free(page);
        return answer;
    }

    private async Task<NvmeResult> TellAsync(Writer write, Func<ulong, NvmeCommand> make)
    {
        if (!function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.Read, out var page))
        {
            return NvmeResult.Failed(NvmeOutcome.InvalidRequest);
        }

        write(function.Memory.SpanOf(page));
        var result = await admin.SendAsync(make(page.Address.Value));
        function.Memory.Free(page);
        return result;
    }

    private delegate T? Reader<T>(Span<byte> bytes);

    private delegate void Writer(Span<byte> bytes);
}
