using System.Buffers.Binary;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Get Log Page (NVMe 1.4 §5.14), with offset and 32-bit length.</summary>
internal sealed class GetLogPageCommand(CommandSet set, NvmeControllerOptions options) : DataToHostCommand
{
    /// <summary>
    /// LPA of Identify Controller: the effects log (bit 1) and extended data (bit 2) are there; health is not per namespace (bit 0).
    /// </summary>
    public const byte Attributes = 0b110;

    private const int PageBytes = 4096;
    private const uint RetainAsynchronousEvent = 1u << 15;
    private const int IoEffectsOffset = 1024;
    private const ushort NamespaceLocation = 4;
    private const ushort PageLocation = 40;
    private const ushort LengthLocation = 42;
    private const ushort OffsetLocation = 48;

    private readonly byte[] _page = new byte[PageBytes];

    protected override NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out int bytes, out ushort location)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        bytes = 0;
        location = PageLocation;
        var size = SizeOf((LogPageId)(byte)entry.Dw10);
        if (size == 0)
        {
            return NvmeStatus.InvalidLogPage;
        }

        location = NamespaceLocation;
        if (slot.NamespaceId is not (0 or NvmeSizes.BroadcastNamespace) && (LogPageId)(byte)entry.Dw10 == LogPageId.Smart)
        {
            return engine.Parts.Backends.Find(slot.NamespaceId) is null ? NvmeStatus.InvalidNamespaceOrFormat : NvmeStatus.InvalidField;
        }

        location = LengthLocation;
        var asked = 4 * ((((long)(entry.Dw11 & 0xFFFF) << 16) | (entry.Dw10 >> 16)) + 1);
        if (asked > options.MaxDataTransferBytes)
        {
            return NvmeStatus.InvalidField;
        }

        location = OffsetLocation;
        var offset = ((ulong)entry.Dw13 << 32) | entry.Dw12;
        if ((offset & 3) != 0 || offset > (uint)size)
        {
            return NvmeStatus.InvalidField;
        }

        bytes = (int)asked;
        return NvmeStatus.Success;
    }

    protected override void Fill(CommandEngine engine, in CommandSlot slot, Span<byte> into)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var id = (LogPageId)(byte)entry.Dw10;
        var page = _page.AsSpan(0, SizeOf(id));
        page.Clear();
        WritePage(engine, id, page);
        var rest = page[(int)entry.Dw12..];
        rest[..Math.Min(rest.Length, into.Length)].CopyTo(into);
        if ((entry.Dw10 & RetainAsynchronousEvent) == 0)
        {
            Acknowledge(engine, id);
        }
    }

    private static int SizeOf(LogPageId id) => id switch
    {
        LogPageId.ErrorInformation => ControllerLimits.ErrorLogEntriesMax * ErrorInformationEntry.Bytes,
        LogPageId.Smart => SmartLog.Bytes,
        LogPageId.FirmwareSlot => FirmwareLog.Bytes,
        LogPageId.ChangedNamespaceList or LogPageId.CommandsSupportedAndEffects => PageBytes,
        _ => 0,
    };

    // §5.14: reading a page without Retain Asynchronous Event re-arms the events that point to it.
    private static void Acknowledge(CommandEngine engine, LogPageId id)
    {
        switch (id)
        {
            case LogPageId.ErrorInformation:
                engine.Parts.Events.Unmask(AsyncEventType.Error, engine);
                break;
            case LogPageId.Smart:
                engine.Parts.Events.Unmask(AsyncEventType.SmartHealth, engine);
                break;
            case LogPageId.ChangedNamespaceList:
                engine.Parts.Changed.Clear();
                engine.Parts.Events.Unmask(AsyncEventType.Notice, engine);
                break;
        }
    }

    private void WritePage(CommandEngine engine, LogPageId id, Span<byte> into)
    {
        var parts = engine.Parts;
        switch (id)
        {
            case LogPageId.ErrorInformation:
                parts.Errors.Write(into);
                break;
            case LogPageId.Smart:
                parts.Health.Write(into, parts.Features.IsTemperaturePastThreshold, parts.Subsystem.Trouble, engine.Now);
                break;
            case LogPageId.FirmwareSlot:
                FirmwareLog.Write(into, options.FirmwareRevision);
                break;
            case LogPageId.ChangedNamespaceList:
                parts.Changed.Write(into);
                break;
            default:
                WriteEffects(into);
                break;
        }
    }

    private void WriteEffects(Span<byte> into)
    {
        for (var opcode = 0; opcode < 256; opcode++)
        {
            var admin = set.Find(0, (byte)opcode)?.Effects ?? CommandEffects.None;
            var io = set.Find(1, (byte)opcode)?.Effects ?? CommandEffects.None;
            BinaryPrimitives.WriteUInt32LittleEndian(into[(opcode * 4)..], (uint)admin);
            BinaryPrimitives.WriteUInt32LittleEndian(into[(IoEffectsOffset + (opcode * 4))..], (uint)io);
        }
    }
}
