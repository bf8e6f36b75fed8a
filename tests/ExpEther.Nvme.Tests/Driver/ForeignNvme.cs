using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Driver;

/// <summary>
/// A primary controller that is not ours: its admin queue over TLPs, odd controller identifiers, and of the optional commands only what
/// a test gives it. It holds all flexible resources itself until they are taken from it and it is reset, as QEMU's does.
/// </summary>
internal sealed class ForeignNvme : IPcieDevice
{
    private const int TableOffset = 0x2000;
    private const int PieceBytes = 128;
    private const ushort FirstSecondary = 0x20;

    private readonly Queue<byte[]> _out = new();
    private readonly Dictionary<ushort, Action<byte[]>> _reads = [];
    private readonly byte[] _registers = new byte[0x1000];
    private readonly MsixTable _table;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];
    private readonly ushort[] _primaryHolds;
    private readonly ushort[] _primaryNext;
    private ushort _tag;
    private int _sqHead;
    private int _sqTail;
    private int _cqTail;
    private bool _phase = true;

    public ForeignNvme(int secondaries, ushort flexible = 0)
    {
        Config = new EndpointConfig(new EndpointDescription
        {
            VendorId = 0x1AF4,
            DeviceId = 0x1234,
            ClassCode = 0x010802,
            Bars = [new BarDescription(0, 0x4000, Is64Bit: true)],
            MsixVectors = 2,
            MsixTable = new MsixLocation(0, TableOffset),
            MsixPba = new MsixLocation(0, 0x3000),
            MaxPayloadSupported = PieceBytes,
        });
        _table = new MsixTable(Config);
        BinaryPrimitives.WriteUInt64LittleEndian(_registers, new ControllerCapabilities(64, true, 2, 0, 0).Value);
        Flexible = flexible;
        _primaryHolds = [flexible, flexible];
        _primaryNext = [flexible, flexible];
        Secondaries = [.. Enumerable.Range(0, secondaries).Select(i => new SecondaryControllerEntry(
            (ushort)(FirstSecondary + (3 * i)), 1, false, (ushort)(i + 1), 0, 0))];
    }

    public EndpointConfig Config { get; }

    /// <summary>CAP.</summary>
    public ulong Capabilities
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_registers);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_registers, value);
    }

    public ushort Flexible { get; }

    public SecondaryControllerEntry[] Secondaries { get; }

    public OptionalAdminCommands Commands { get; init; } = OptionalAdminCommands.VirtualizationManagement | OptionalAdminCommands.NamespaceManagement;

    /// <summary>CNTLIDs that namespace 7, the only one, is attached to.</summary>
    public List<ushort> Attached { get; } = [];

    /// <summary>Commands are taken and never answered.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Times that CC.EN went from 0 to 1.</summary>
    public int Enabled { get; private set; }

    public Instant? NextDeadline => null;

    private uint Cc => BinaryPrimitives.ReadUInt32LittleEndian(_registers.AsSpan(NvmeRegister.Cc));

    public bool Poll(Instant now) => false;

    public void Reset(Instant now)
    {
        Disable();
        _out.Clear();
        _reads.Clear();
        Config.Reset();
    }

    /// <summary>Somebody resets the controller behind its driver's back.</summary>
    public void Disable() => WriteRegister(NvmeRegister.Cc, Cc & ~ControllerConfiguration.EnableBit);

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (!_out.TryDequeue(out var tlp))
        {
            return false;
        }

        tlp.CopyTo(into);
        length = tlp.Length;
        return true;
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
        switch (view.Kind)
        {
            case TlpKind.ConfigRead0 or TlpKind.ConfigWrite0:
                OnConfig(view);
                break;
            case TlpKind.MemoryWrite:
                Assert.True(Config.TryMatchBar(view.Address, 4, out _, out var to));
                for (var i = 0; i < view.Payload.Length; i += 4)
                {
                    WriteRegister((int)to + i, BinaryPrimitives.ReadUInt32LittleEndian(view.Payload[i..]));
                }

                break;
            case TlpKind.MemoryRead:
                Assert.True(Config.TryMatchBar(view.Address, view.ByteLength, out _, out var from));
                Answer(view, _registers.AsSpan((int)from, view.ByteLength));
                break;
            default:
                Assert.True(_reads.Remove(view.Tag.Value, out var done));
                done(view.Payload.ToArray());
                break;
        }

        return true;
    }

    private void OnConfig(in TlpView view)
    {
        if (view.ConfigTarget.DeviceFunction != 0)
        {
            Push(Completion.To(view, Config.Rid, CompletionStatus.UnsupportedRequest).Write(_tlp));
        }
        else if (view.Kind == TlpKind.ConfigRead0)
        {
            Answer(view, BitConverter.GetBytes(Config.Read(view.ConfigRegister)));
        }
        else
        {
            Config.CaptureRid(view.ConfigTarget);
            Config.Write(view.ConfigRegister, view.ConfigValue, view.FirstByteEnables);
            Push(Completion.To(view, Config.Rid, CompletionStatus.SuccessfulCompletion).Write(_tlp));
        }
    }

    private void WriteRegister(int register, uint value)
    {
        if (register >= TableOffset)
        {
            _table.WriteTable(register - TableOffset, value);
            return;
        }

        if (register == NvmeRegister.SubmissionTail(0, 0))
        {
            _sqTail = (int)value;
            Fetch();
            return;
        }

        if (register >= NvmeRegister.Doorbells)
        {
            return;
        }

        var wasEnabled = (Cc & ControllerConfiguration.EnableBit) != 0;
        BinaryPrimitives.WriteUInt32LittleEndian(_registers.AsSpan(register), value);
        var isEnabled = (Cc & ControllerConfiguration.EnableBit) != 0;
        if (register == NvmeRegister.Cc && wasEnabled != isEnabled)
        {
            Enabled += isEnabled ? 1 : 0;
            (_sqHead, _sqTail, _cqTail, _phase) = (0, 0, 0, true);
            BinaryPrimitives.WriteUInt32LittleEndian(_registers.AsSpan(NvmeRegister.Csts), isEnabled ? 1u : 0);
            _primaryNext.CopyTo(_primaryHolds, 0);
            for (var i = 0; i < Secondaries.Length && !isEnabled; i++)
            {
                Secondaries[i] = Secondaries[i] with { IsOnline = false };
            }
        }
    }

    private void Fetch()
    {
        var entries = (int)(BinaryPrimitives.ReadUInt32LittleEndian(_registers.AsSpan(NvmeRegister.Aqa)) & 0xFFF) + 1;
        for (; _sqHead != _sqTail; _sqHead = (_sqHead + 1) % entries)
        {
            var at = BinaryPrimitives.ReadUInt64LittleEndian(_registers.AsSpan(NvmeRegister.Asq)) + (ulong)(_sqHead * 64);
            Read(at, 64, bytes =>
            {
                if (!IsDeaf)
                {
                    var hasData = bytes[0] is (byte)AdminOpcode.NamespaceAttachment;
                    ReadThen(hasData, new SubmissionEntry(bytes).Prp1, data => Run(bytes, data, entries));
                }
            });
        }
    }

    private void ReadThen(bool wanted, ulong address, Action<byte[]> then)
    {
        if (wanted)
        {
            Read(address, PieceBytes, then);
        }
        else
        {
            then([]);
        }
    }

    private void Read(ulong address, int bytes, Action<byte[]> done)
    {
        _reads.Add(_tag, done);
        Push(new MemoryRead(Config.Rid, new Tag(_tag++), address, bytes).Write(_tlp));
    }

    private void Run(byte[] command, byte[] data, int entries)
    {
        var entry = new SubmissionEntry(command);
        if (entry.Opcode == (byte)AdminOpcode.AsynchronousEventRequest)
        {
            return;
        }

        var page = new byte[NvmeSizes.IdentifyBytes];
        var status = (AdminOpcode)entry.Opcode switch
        {
            AdminOpcode.Identify => Identify((IdentifyCns)(byte)entry.Dw10, entry.NamespaceId, page),
            AdminOpcode.VirtualizationManagement => Virtualize(VirtualizationRequest.From(entry.Dw10, entry.Dw11)),
            AdminOpcode.NamespaceAttachment => Attach(entry.Dw10 == 0, BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(2))),
            AdminOpcode.SetFeatures => NvmeStatus.Success,
            _ => NvmeStatus.InvalidCommandOpcode,
        };
        for (var at = 0; status.IsSuccess && entry.Opcode == (byte)AdminOpcode.Identify && at < page.Length; at += PieceBytes)
        {
            Push(new MemoryWrite(Config.Rid, entry.Prp1 + (ulong)at).Write(_tlp, page.AsSpan(at, PieceBytes)));
        }

        Span<byte> completion = stackalloc byte[16];
        new CompletionEntry(0, (ushort)_sqHead, 0, entry.CommandId, _phase, status).Write(completion);
        var queue = BinaryPrimitives.ReadUInt64LittleEndian(_registers.AsSpan(NvmeRegister.Acq));
        Push(new MemoryWrite(Config.Rid, queue + (ulong)(_cqTail * 16)).Write(_tlp, completion));
        _cqTail++;
        if (_cqTail == entries)
        {
            (_cqTail, _phase) = (0, !_phase);
        }

        if (_table.TryRaise(0, out var address, out var message) == MsixOutcome.Deliver)
        {
            Push(new MemoryWrite(Config.Rid, address).Write(_tlp, BitConverter.GetBytes(message)));
        }
    }

    private NvmeStatus Identify(IdentifyCns cns, uint nsid, byte[] page)
    {
        const uint Only = 7;
        switch (cns)
        {
            case IdentifyCns.Controller:
                _ = new IdentifyController(page) { SerialNumber = "F", ModelNumber = "Foreign", FirmwareRevision = "1", OptionalAdminCommands = Commands };
                return NvmeStatus.Success;
            case IdentifyCns.ActiveNamespaceList or IdentifyCns.AllocatedNamespaceList:
                BinaryPrimitives.WriteUInt32LittleEndian(page, nsid < Only ? Only : 0);
                return NvmeStatus.Success;
            case IdentifyCns.Namespace or IdentifyCns.AllocatedNamespace:
                var identify = new IdentifyNamespace(page) { Size = 2048 };
                identify.SetLbaFormat(0, new LbaFormat(0, 12, 0));
                identify.Nguid.Fill(0x5A);
                return NvmeStatus.Success;
            case IdentifyCns.NamespaceControllerList:
                var list = new ControllerList(page);
                Attached.Order().ToList().ForEach(id => BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(2 + (2 * Attached.IndexOf(id))), id));
                BinaryPrimitives.WriteUInt16LittleEndian(page, (ushort)Attached.Count);
                Assert.Equal(Attached.Count, list.Count);
                return NvmeStatus.Success;
            case IdentifyCns.PrimaryControllerCapabilities:
                _ = new PrimaryControllerCapabilities(page)
                {
                    ControllerId = 1, ResourceTypes = ResourceTypes.Queues | ResourceTypes.Interrupts, Queues = Describe(0), Interrupts = Describe(1),
                };
                return NvmeStatus.Success;
            case IdentifyCns.SecondaryControllerList:
                var secondaries = new SecondaryControllerList(page);
                foreach (var each in Secondaries)
                {
                    secondaries.Add(each);
                }

                return NvmeStatus.Success;
            default:
                return NvmeStatus.InvalidField;
        }
    }

    private FlexibleResources Describe(int kind) => new(Flexible, 0, _primaryHolds[kind], 2, 6, 2);

    private NvmeStatus Attach(bool attach, ushort controller)
    {
        if (attach == Attached.Contains(controller))
        {
            return attach ? NvmeStatus.NamespaceAlreadyAttached : NvmeStatus.NamespaceNotAttached;
        }

        if (attach && Attached.Count > 0)
        {
            return NvmeStatus.NamespaceIsPrivate;
        }

        if (attach)
        {
            Attached.Add(controller);
        }
        else
        {
            Attached.Remove(controller);
        }

        return NvmeStatus.Success;
    }

    private NvmeStatus Virtualize(VirtualizationRequest request)
    {
        if (request.Action == VirtualizationAction.PrimaryFlexibleAllocation)
        {
            _primaryNext[(int)request.Resource] = request.Count;
            return NvmeStatus.Success;
        }

        var index = Array.FindIndex(Secondaries, s => s.ControllerId == request.ControllerId);
        if (index < 0)
        {
            return NvmeStatus.InvalidControllerIdentifier;
        }

        ref var entry = ref Secondaries[index];
        switch (request.Action)
        {
            case VirtualizationAction.SecondaryAssign when entry.IsOnline:
                return NvmeStatus.InvalidSecondaryControllerState;
            case VirtualizationAction.SecondaryAssign:
                var isQueue = request.Resource == VirtualResourceType.Queue;
                var others = Secondaries.Where((_, i) => i != index).Sum(s => isQueue ? s.Queues : s.Interrupts);
                if (others + request.Count > Flexible - _primaryHolds[(int)request.Resource])
                {
                    return NvmeStatus.InvalidNumberOfControllerResources;
                }

                entry = isQueue ? entry with { Queues = request.Count } : entry with { Interrupts = request.Count };
                return NvmeStatus.Success;
            case VirtualizationAction.SecondaryOnline when entry.Queues < 2 || entry.Interrupts < 1:
                return NvmeStatus.InvalidSecondaryControllerState;
            case VirtualizationAction.SecondaryOffline:
                entry = entry with { IsOnline = false, Queues = 0, Interrupts = 0 };
                return NvmeStatus.Success;
            default:
                entry = entry with { IsOnline = true };
                return NvmeStatus.Success;
        }
    }

    private void Answer(in TlpView request, ReadOnlySpan<byte> data) => Push(new Completion(
        Config.Rid, request.Requester, request.Tag, CompletionStatus.SuccessfulCompletion, data.Length,
        request.IsConfig ? 0 : (int)(request.FirstByteAddress & 0x7F)).Write(_tlp, data));

    private void Push(int length) => _out.Enqueue(_tlp[..length]);
}
