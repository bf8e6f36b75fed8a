using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Resuming;

/// <summary>
/// How a controller that was born again tells its host at once. CSTS.CFS is seen only by a host that looks, and Linux looks when a command
/// has timed out, after 30 s. But it resets a controller at an asynchronous event "Persistent Internal Error" (NVMe 1.4 §5.2.1), and a request
/// for one is still outstanding on the host's side.
/// <para>
/// Theory: Reading → Posting → Interrupting (→ Masked) → Over. The note says where the admin completion queue is.
/// Entries of one round through it have one
/// phase tag (§4.6), so the first entry with another phase than entry 0 is where the next one goes, in entry 0's phase; if all are the same,
/// the next is entry 0, in the other phase. The event is written there, and vector 0 is raised.
/// </para>
/// <para>
/// The queue is the host's, and it is free to take it back once it knows. So nothing is written any more after the host has accessed a register:
/// it has seen CSTS.CFS then, or is disabling the controller. Nor without Bus Master Enable, nor if a read fails.
/// </para>
/// </summary>
internal sealed class Rebirth(EndpointConfig config, MsixTable msix)
{
    private readonly byte[] _entries = new byte[TlpLimits.PayloadBytesMax];
    private Step _step = Step.Over;
    private ResumeNote _note;
    private int _readBytes;
    private int _index;
    private bool _firstPhase;
    private bool _phase;

    private enum Step
    {
        Over,
        Reading,
        Posting,
        Interrupting,
        Masked,
    }

    /// <summary>The note that still holds; null: none, or it was used.</summary>
    public ResumeNote? Note => _step is Step.Reading or Step.Posting ? _note : null;

    public void Begin(in ResumeNote note)
    {
        _note = note;
        _index = 0;
        _readBytes = 0;
        _step = Step.Reading;
    }

    /// <summary>A reset: reads on their way are the reader's to forget.</summary>
    public void End() => _step = Step.Over;

    public void OnRegisterAccess()
    {
        if (_step is Step.Reading or Step.Posting)
        {
            End();
        }
    }

    /// <summary>The next TLP. The function may master the bus, and the controller is reborn.</summary>
    public bool TryTake(DmaReader reader, Instant now, Span<byte> into, out int length)
    {
        length = 0;
        switch (_step)
        {
            case Step.Reading when _readBytes == 0 && reader.FreeTags > 0:
                _readBytes = Math.Min(reader.RoomAt(AddressOf(_index)), (_note.Entries - _index) * NvmeSizes.CompletionEntryBytes);
                length = reader.Issue(DmaPurpose.LeftBehind, 0, 0, AddressOf(_index), _readBytes, now, into);
                return true;
            case Step.Posting:
                var room = new MemoryWrite(config.Rid, AddressOf(_index)).WriteHeader(into, NvmeSizes.CompletionEntryBytes, out length);
                new CompletionEntry(AsyncEvent.PersistentInternalError.ToResult(), 0, 0, _note.Request, _phase, NvmeStatus.Success).Write(room);
                _step = Step.Interrupting;
                return true;
            case Step.Interrupting:
                var outcome = msix.TryRaise(0, out var address, out var data);
                _step = outcome == MsixOutcome.Pending ? Step.Masked : Step.Over;
                return outcome == MsixOutcome.Deliver && WriteInterrupt(address, data, into, out length);
            case Step.Masked when msix.TryTakePending(out var late, out var word):
                End();
                return WriteInterrupt(late, word, into, out length);
            default:
                return false;
        }
    }

    public Span<byte> Destination(int offset, int bytes) => _entries.AsSpan(offset, bytes);

    public void OnReadEnded(bool ok)
    {
        var bytes = _readBytes;
        _readBytes = 0;
        if (_step != Step.Reading || bytes == 0)
        {
            return;
        }

        if (!ok)
        {
            End();
            return;
        }

        for (var at = 0; at < bytes; at += NvmeSizes.CompletionEntryBytes, _index++)
        {
            var phase = CompletionEntry.PhaseOf(_entries.AsSpan(at, NvmeSizes.CompletionEntryBytes));
            _firstPhase = _index == 0 ? phase : _firstPhase;
            if (phase != _firstPhase)
            {
                Post(_index, _firstPhase);
                return;
            }
        }

        if (_index == _note.Entries)
        {
            Post(0, !_firstPhase);
        }
    }

    private void Post(int index, bool phase)
    {
        (_index, _phase) = (index, phase);
        _step = Step.Posting;
    }

    private ulong AddressOf(int index) => _note.Acq + ((ulong)index * NvmeSizes.CompletionEntryBytes);

    private bool WriteInterrupt(ulong address, uint data, Span<byte> into, out int length)
    {
        var room = new MemoryWrite(config.Rid, address & ~3UL).WriteHeader(into, 4, out length);
        BinaryPrimitives.WriteUInt32LittleEndian(room, data);
        return true;
    }
}
