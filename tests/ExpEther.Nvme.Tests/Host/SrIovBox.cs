using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>
/// An NVMe device with SR-IOV, and a host for each of its functions. All hosts have their memory at the same addresses and call themselves by
/// the same routing ID; what the device sends goes to the host whose function it is from.
/// </summary>
internal sealed class SrIovBox
{
    public const ulong VfBarBase = 0x30_0000_0000;
    private const int VfBarBytes = 0x4000;
    private readonly Queue<byte[]>[] _sent;
    private readonly Stack<byte[]> _free = new();
    private readonly NvmeHost?[] _hosts;

    public SrIovBox(NvmeSrIovOptions options)
    {
        Device = new NvmeSrIovDevice(options, Events);
        _sent = [.. Enumerable.Range(0, options.TotalVfs + 1).Select(_ => new Queue<byte[]>(256))];
        _hosts = new NvmeHost?[options.TotalVfs + 1];
        Primary = new NvmeHost(Device.Primary, new TlpHost(new FunctionPort(this, 0)));
        _hosts[0] = Primary;
    }

    public EventList Events { get; } = new();

    public NvmeSrIovDevice Device { get; }

    /// <summary>The host of the PF.</summary>
    public NvmeHost Primary { get; }

    private EndpointConfig Physical => Device.Primary.Config;

    /// <summary>The capability, from its offset on, in the PF's configuration space.</summary>
    private int SrIov => Physical.SrIov!.Offset;

    /// <summary>What an operating system does: the PF, then its VFs with memory space and bus mastering.</summary>
    public void Start(int vfs)
    {
        Primary.Start();
        EnableVfs(vfs);
    }

    public void EnableVfs(int vfs)
    {
        var host = Primary.Host;
        // ARI Capable Hierarchy first, since First VF Offset and VF Stride follow from it; then NumVFs, VF BAR 0, VF Enable and VF MSE.
        host.WriteConfig(SrIov + SrIovRegister.Control, SrIovRegister.ControlAriCapableHierarchy, 0b0011);
        host.WriteConfig(SrIov + SrIovRegister.NumVfs, (uint)vfs, 0b0011);
        host.WriteConfig(SrIov + SrIovRegister.VfBar0, unchecked((uint)VfBarBase));
        host.WriteConfig(SrIov + SrIovRegister.VfBar0 + 4, (uint)(VfBarBase >> 32));
        host.WriteConfig(
            SrIov + SrIovRegister.Control,
            SrIovRegister.ControlAriCapableHierarchy | SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable, 0b0011);
    }

    public void DisableVfs() => Primary.Host.WriteConfig(SrIov + SrIovRegister.Control, SrIovRegister.ControlAriCapableHierarchy, 0b0011);

    /// <summary>The host of a VF.</summary>
    /// <param name="number">From 1; VFs are enabled.</param>
    public NvmeHost Vf(int number)
    {
        if (_hosts[number] is { } known)
        {
            return known;
        }

        var rid = Physical.SrIov!.RidOf(TlpHost.DeviceRid, number);
        var bar = VfBarBase + ((ulong)(number - 1) * VfBarBytes);
        var host = new TlpHost(new FunctionPort(this, number), function: rid, bar: bar, seed: (ulong)number);
        return _hosts[number] = new NvmeHost(Device.Secondaries[number - 1], host);
    }

    /// <summary>Gives a VF resources, puts it online, enables its controller.</summary>
    public NvmeHost Online(int number, int queues = 3, int interrupts = 3)
    {
        Assert.True(Assign(number, VirtualResourceType.Queue, queues).Status.IsSuccess);
        Assert.True(Assign(number, VirtualResourceType.Interrupt, interrupts).Status.IsSuccess);
        Assert.True(Virtualize(number, VirtualizationAction.SecondaryOnline).Status.IsSuccess);
        var host = Vf(number);
        host.Start();
        return host;
    }

    public CompletionEntry Assign(int controller, VirtualResourceType resource, int count) =>
        Virtualize(controller, VirtualizationAction.SecondaryAssign, resource, count);

    public CompletionEntry Virtualize(int controller, VirtualizationAction action, VirtualResourceType resource = default, int count = 0)
    {
        var request = new VirtualizationRequest((ushort)controller, resource, action, (ushort)count);
        return Primary.Admin(AdminOpcode.VirtualizationManagement, dw10: request.ToDw10(), dw11: request.ToDw11());
    }

    public SecondaryControllerEntry Secondary(int number) =>
        new SecondaryControllerList(Primary.Identify(IdentifyCns.SecondaryControllerList))[number - 1];

    public CompletionEntry Create(ulong blocks, bool shared = false, ulong? capacity = null, byte format = 0)
    {
        var at = Primary.Allocate(4096);
        var page = Primary.Host.At(at, 4096);
        page.Clear();
        var asked = new IdentifyNamespace(page) { Size = blocks, Capacity = capacity ?? blocks, IsShared = shared, FormattedLbaSize = format };
        Assert.Equal(blocks, asked.Size);
        return Primary.Admin(AdminOpcode.NamespaceManagement, dw10: (uint)NamespaceManagementSelect.Create, prp1: at);
    }

    /// <summary>Creates a namespace, which must succeed.</summary>
    /// <returns>Its NSID.</returns>
    public uint Created(ulong blocks, bool shared = false)
    {
        var entry = Create(blocks, shared);
        Assert.True(entry.Status.IsSuccess, entry.Status.ToString());
        return entry.Result;
    }

    public CompletionEntry Delete(uint nsid) => Primary.Admin(AdminOpcode.NamespaceManagement, nsid, (uint)NamespaceManagementSelect.Delete);

    public CompletionEntry Resize(uint nsid, ulong blocks) =>
        Primary.Admin(AdminOpcode.ResizeNamespace, nsid, (uint)blocks, (uint)(blocks >> 32));

    public CompletionEntry Attach(uint nsid, params int[] controllers) =>
        Attachment(NamespaceAttachmentSelect.Attach, nsid, controllers);

    public CompletionEntry Detach(uint nsid, params int[] controllers) =>
        Attachment(NamespaceAttachmentSelect.Detach, nsid, controllers);

    public ushort[] Controllers(IdentifyCns cns, uint nsid = 0)
    {
        var list = new ControllerList(Primary.Identify(cns, nsid));
        var ids = new ushort[list.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = list[i];
        }

        return ids;
    }

    public static uint[] Namespaces(NvmeHost host, IdentifyCns cns = IdentifyCns.ActiveNamespaceList)
    {
        var list = host.Identify(cns);
        return [.. Enumerable.Range(0, 1024).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(list.AsSpan(4 * i))).TakeWhile(id => id != 0)];
    }

    public ushort SubmitAttachment(NamespaceAttachmentSelect select, uint nsid, params int[] controllers) =>
        Primary.Submit(0, (byte)AdminOpcode.NamespaceAttachment, nsid, (uint)select, prp1: ListOf(controllers));

    /// <summary>Lets every host take what there is for it until nothing more happens.</summary>
    public void Pump()
    {
        for (var idle = 0; idle < 2;)
        {
            var any = false;
            foreach (var host in _hosts)
            {
                any |= host?.Host.PumpOnce() ?? false;
            }

            idle = any ? 0 : idle + 1;
        }
    }

    public bool TryTakeOf(int number, Instant now, Span<byte> into, out int length)
    {
        while (_sent[number].Count == 0)
        {
            var buffer = _free.TryPop(out var free) ? free : new byte[TlpLimits.BytesMax + 4];
            if (!Device.TryTake(now, buffer.AsSpan(4), out length))
            {
                _free.Push(buffer);
                return false;
            }

            BinaryPrimitives.WriteInt32LittleEndian(buffer, length);
            _sent[SenderOf(buffer.AsSpan(4, length))].Enqueue(buffer);
        }

        var first = _sent[number].Dequeue();
        length = BinaryPrimitives.ReadInt32LittleEndian(first);
        first.AsSpan(4, length).CopyTo(into);
        _free.Push(first);
        return true;
    }

    private int SenderOf(ReadOnlySpan<byte> tlp)
    {
        Assert.True(TlpView.TryParse(tlp, out var view) == TlpError.None);
        var sender = view.IsCompletion ? view.Completer : view.Requester;
        return sender == TlpHost.DeviceRid || sender == default ? 0 : Physical.SrIov!.NumberOf(TlpHost.DeviceRid, sender);
    }

    private CompletionEntry Attachment(NamespaceAttachmentSelect select, uint nsid, int[] controllers) =>
        Primary.Admin(AdminOpcode.NamespaceAttachment, nsid, (uint)select, prp1: ListOf(controllers));

    private ulong ListOf(int[] controllers)
    {
        var at = Primary.Allocate(4096);
        var page = Primary.Host.At(at, 4096);
        page.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(page, (ushort)controllers.Length);
        for (var i = 0; i < controllers.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(page[(ControllerList.IdentifiersOffset + (2 * i))..], (ushort)controllers[i]);
        }

        return at;
    }
}
