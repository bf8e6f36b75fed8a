using System.Buffers.Binary;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>A controller with a TLP host and a plain driver on it: queues at fixed places in memory, one command at a time or many.</summary>
internal sealed class NvmeHost
{
    public const int QueueEntries = 16;
    private const int QueueAreaBytes = 0x4000;
    private readonly Dictionary<int, TestQueue> _queues = [];
    private readonly int _mps;
    private ulong _next;
    private ushort _commandId;

    public NvmeHost(params IBlockBackend[] backends)
        : this(0, null, backends)
    {
    }

    public NvmeHost(int mps, Func<NvmeControllerOptions, NvmeControllerOptions>? change, params IBlockBackend[] backends)
    {
        _mps = mps;
        var options = new NvmeControllerOptions
        {
            SerialNumber = "TEST-1",
            QueuePairsMax = 8,
            BufferPoolBytes = 1 << 20,
            Namespaces = [.. backends.Select(b => new NvmeNamespaceOptions { Backend = b })],
        };
        Controller = new NvmeController(change?.Invoke(options) ?? options, Events);
        Host = new TlpHost(Controller);
        _next = Host.MemoryBase + 0x10000;
    }

    /// <summary>A controller among others of its device.</summary>
    public NvmeHost(NvmeController controller, TlpHost host)
    {
        Controller = controller;
        Host = host;
        _next = Host.MemoryBase + 0x10000;
    }

    public EventList Events { get; } = new();

    public NvmeController Controller { get; }

    public TlpHost Host { get; }

    public int PageBytes => 4096 << _mps;

    public static NvmeHost Started(params IBlockBackend[] backends)
    {
        var host = new NvmeHost(backends);
        host.Start();
        return host;
    }

    /// <summary>Pages of host memory, never given back.</summary>
    public ulong Allocate(int bytes)
    {
        var align = (ulong)PageBytes;
        _next = (_next + align - 1) & ~(align - 1);
        var at = _next;
        _next += (ulong)bytes;
        Assert.True(_next <= Host.MemoryBase + (ulong)Host.Memory.Length);
        return at;
    }

    public void Start(int maxPayloadBytes = 512, int maxReadRequestBytes = 512)
    {
        Host.SetUp(maxPayloadBytes, maxReadRequestBytes);
        Enable();
    }

    public void Enable()
    {
        _queues.Clear();
        var admin = new TestQueue(this, 0, 0, QueueEntries, Allocate(QueueAreaBytes), Allocate(QueueAreaBytes));
        _queues[0] = admin;
        Host.Write32(NvmeRegister.Aqa, ((QueueEntries - 1) << 16) | (QueueEntries - 1));
        Host.Write64(NvmeRegister.Asq, admin.SubmissionBase);
        Host.Write64(NvmeRegister.Acq, admin.CompletionBase);
        Host.Write32(NvmeRegister.Cc, ControllerConfiguration.Enabled(_mps).Value);
        Host.Pump();
        Assert.True(Status.Rdy);
    }

    public ControllerStatus Status => new(Host.Read32(NvmeRegister.Csts));

    public TestQueue Queue(int id) => _queues[id];

    public TestQueue CreateQueue(int id, int entries = QueueEntries, int vector = -1)
    {
        var queue = new TestQueue(this, id, id, entries, Allocate(entries * 64), Allocate(entries * 16));
        var flags = 3u | ((uint)(vector < 0 ? id : vector) << 16);
        Assert.True(Admin(
            AdminOpcode.CreateIoCompletionQueue, dw10: (uint)id | ((uint)(entries - 1) << 16), dw11: flags, prp1: queue.CompletionBase).Status.IsSuccess);
        Assert.True(Admin(
            AdminOpcode.CreateIoSubmissionQueue, dw10: (uint)id | ((uint)(entries - 1) << 16), dw11: 1 | ((uint)id << 16),
            prp1: queue.SubmissionBase).Status.IsSuccess);
        _queues[id] = queue;
        return queue;
    }

    public ushort NextCommandId() => ++_commandId;

    public CompletionEntry Admin(
        AdminOpcode opcode, uint nsid = 0, uint dw10 = 0, uint dw11 = 0, uint dw12 = 0, uint dw13 = 0, ulong prp1 = 0, ulong prp2 = 0) =>
        Run(0, (byte)opcode, nsid, dw10, dw11, dw12, dw13, prp1, prp2);

    public CompletionEntry Run(
        int queue, byte opcode, uint nsid = 0, uint dw10 = 0, uint dw11 = 0, uint dw12 = 0, uint dw13 = 0, ulong prp1 = 0, ulong prp2 = 0,
        byte flags = 0)
    {
        var id = Submit(queue, opcode, nsid, dw10, dw11, dw12, dw13, prp1, prp2, flags);
        Host.Pump();
        return Expect(queue, id);
    }

    public ushort Submit(
        int queue, byte opcode, uint nsid = 0, uint dw10 = 0, uint dw11 = 0, uint dw12 = 0, uint dw13 = 0, ulong prp1 = 0, ulong prp2 = 0,
        byte flags = 0)
    {
        var id = NextCommandId();
        Span<byte> bytes = stackalloc byte[64];
        bytes.Clear();
        var entry = new SubmissionEntry(bytes)
        {
            Opcode = opcode,
            Flags = flags,
            CommandId = id,
            NamespaceId = nsid,
            Prp1 = prp1,
            Prp2 = prp2,
            Dw10 = dw10,
            Dw11 = dw11,
            Dw12 = dw12,
            Dw13 = dw13,
        };
        Queue(queue).Put(entry.Bytes);
        Queue(queue).Ring();
        return id;
    }

    /// <summary>Takes the next completion, which must be this command's.</summary>
    public CompletionEntry Expect(int queue, ushort commandId)
    {
        Assert.True(Queue(queue).TryTake(out var entry), "no completion came");
        Assert.Equal(commandId, entry.CommandId);
        return entry;
    }

    public CompletionEntry Read(ulong lba, int blocks, ulong prp1, ulong prp2 = 0, uint nsid = 1, int queue = 1, uint dw12 = 0) =>
        Run(queue, (byte)IoOpcode.Read, nsid, (uint)lba, (uint)(lba >> 32), (uint)(blocks - 1) | dw12, 0, prp1, prp2);

    public CompletionEntry Write(ulong lba, int blocks, ulong prp1, ulong prp2 = 0, uint nsid = 1, int queue = 1, uint dw12 = 0) =>
        Run(queue, (byte)IoOpcode.Write, nsid, (uint)lba, (uint)(lba >> 32), (uint)(blocks - 1) | dw12, 0, prp1, prp2);

    /// <summary>Get Log Page of <paramref name="bytes"/>.</summary>
    public byte[] LogPage(LogPageId id, int bytes, bool retain = false, uint offset = 0)
    {
        var at = Allocate(4096);
        var dwords = (uint)(bytes / 4) - 1;
        var entry = Admin(
            AdminOpcode.GetLogPage, NvmeSizes.BroadcastNamespace, (uint)id | (retain ? 1u << 15 : 0) | (dwords << 16), dw12: offset, prp1: at);
        Assert.True(entry.Status.IsSuccess, entry.Status.ToString());
        return Host.At(at, bytes).ToArray();
    }

    public byte[] Identify(IdentifyCns cns, uint nsid = 0, int controller = 0)
    {
        var at = Allocate(4096);
        var entry = Admin(AdminOpcode.Identify, nsid, (uint)cns | ((uint)controller << 16), prp1: at);
        Assert.True(entry.Status.IsSuccess, entry.Status.ToString());
        return Host.At(at, 4096).ToArray();
    }

    /// <summary>PRP1 and PRP2 for any pages, with a list, chained when it does not fit in its page.</summary>
    public (ulong Prp1, ulong Prp2) Prps(IReadOnlyList<ulong> pages, int listOffset = 0)
    {
        if (pages.Count <= 2)
        {
            return (pages[0], pages.Count == 2 ? pages[1] : 0);
        }

        var list = Allocate(PageBytes) + (ulong)listOffset;
        var first = list;
        for (var i = 1; i < pages.Count; i++)
        {
            var isLastInPage = ((list + 8) & (ulong)(PageBytes - 1)) == 0;
            if (isLastInPage && i + 1 < pages.Count)
            {
                var next = Allocate(PageBytes);
                BinaryPrimitives.WriteUInt64LittleEndian(Host.At(list, 8), next);
                list = next;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(Host.At(list, 8), pages[i]);
            list += 8;
        }

        return (pages[0], first);
    }
}
