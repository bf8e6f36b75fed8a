using ExpEther.Linux;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Memory;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>What a client is sent, and what it answers.</summary>
internal sealed partial class ClientSession
{
    /// <summary>The device ends a read.</summary>
    public void CompleteRead(ulong token, ReadOnlySpan<byte> data)
    {
        if (!_pending.TryEnd(token, out var header, out var access, out var place))
        {
            return;
        }

        Check.That(header.Command == VfioUserCommand.RegionRead && data.Length == (int)access.Count);
        access.WriteTo(_scratch.AsSpan(MessageHeader.Size));
        data.CopyTo(_scratch.AsSpan(MessageHeader.Size + RegionAccess.Size));
        Reply(header, RegionAccess.Size + data.Length, place);
    }

    /// <summary>The device ends a write or a reset.</summary>
    public void CompleteWrite(ulong token, bool isDone)
    {
        if (!_pending.TryEnd(token, out var header, out var access, out var place))
        {
            return;
        }

        Check.That(header.Command is VfioUserCommand.RegionWrite or VfioUserCommand.DeviceReset);
        var isReset = header.Command == VfioUserCommand.DeviceReset;
        _isResetting &= !isReset;
        if (!isDone || isReset)
        {
            Answer(header, isDone ? Errno.None : Errno.EIO, place);
            return;
        }

        access.WriteTo(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, RegionAccess.Size, place);
    }

    public bool TrySendRead(ushort id, ulong address, int bytes)
    {
        const int Whole = MessageHeader.Size + MemoryAccess.Size;
        if (!HasRoomFor(Whole))
        {
            return false;
        }

        new MemoryAccess(address, (ulong)bytes).WriteTo(_scratch.AsSpan(MessageHeader.Size));
        SendOwn(new MessageHeader(id, VfioUserCommand.DmaRead, Whole, MessageFlags.Command, Errno.None));
        _counters.MemoryMessages++;
        return true;
    }

    // QEMU answers a DMA_WRITE with No_reply only when it fails; nobody could do anything about the answer to one that did not.
    public bool TrySendWrite(ulong address, ReadOnlySpan<byte> data) => TrySendWrite(AskedReads.PostedId, address, data);

    /// <summary>An interrupt message: as a write, but told apart when the client cannot carry it out.</summary>
    public bool TrySendInterrupt(ulong address, ReadOnlySpan<byte> data) => TrySendWrite(AskedReads.InterruptId, address, data);

    private bool TrySendWrite(ushort id, ulong address, ReadOnlySpan<byte> data)
    {
        Check.That(data.Length <= VfioUserLimits.TransferBytesMax);
        var whole = MessageHeader.Size + MemoryAccess.Size + data.Length;
        if (!HasRoomFor(whole))
        {
            return false;
        }

        new MemoryAccess(address, (ulong)data.Length).WriteTo(_scratch.AsSpan(MessageHeader.Size));
        data.CopyTo(_scratch.AsSpan(MessageHeader.Size + MemoryAccess.Size));
        SendOwn(new MessageHeader(id, VfioUserCommand.DmaWrite, (uint)whole, MessageFlags.NoReply, Errno.None));
        _counters.MemoryMessages++;
        _unansweredWrites++;
        return true;
    }

    private bool HasRoomFor(int bytes) => EndReason is null && _outgoing.Count + _pending.ReplyBytes + bytes <= VfioUserLimits.OutgoingBytesMax;

    private void TakeReply(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var isAsked = header.Command switch
        {
            VfioUserCommand.DmaRead => TakeReadReply(header, payload),
            VfioUserCommand.DmaWrite => TakeWriteReply(header),
            _ => false,
        };
        if (!isAsked)
        {
            Violate($"a reply that nobody asked for (command {(ushort)header.Command}, ID {header.Id:X}h)");
        }
    }

    private bool TakeReadReply(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.IsError)
        {
            return _memory.Reads.TryEnd(header.Id, 0, default, isError: true);
        }

        return MemoryAccess.TryRead(payload, out var access) && access.Count == (ulong)(payload.Length - MemoryAccess.Size)
            && _memory.Reads.TryEnd(header.Id, access.Address, payload[MemoryAccess.Size..], isError: false);
    }

    private bool TakeWriteReply(in MessageHeader header)
    {
        if (header.Id is not (AskedReads.PostedId or AskedReads.InterruptId) || _unansweredWrites == 0)
        {
            return false;
        }

        _unansweredWrites--;
        _counters.FailedMemoryWrites += header.IsError ? 1 : 0;
        if (header.IsError && header.Id == AskedReads.InterruptId)
        {
            _counters.FailedInterrupts++;
            Troubles.Add(
                EventSeverity.Error,
                "the guest's interrupt messages are refused, so that its driver waits for ever: a vIOMMU with interrupt remapping knows nothing of them; "
                + "write intremap=off at the vIOMMU");
        }

        return true;
    }

    // A request ends without data, or is refused.
    private void Answer(in MessageHeader header, Errno error, int place = SessionJournal.Head)
    {
        _counters.Refused += error == Errno.None ? 0 : 1;
        if (!header.IsPosted)
        {
            SendReply(error == Errno.None ? header.Reply(0) : header.Refusal(error), place);
        }
    }

    // The payload is where it has to be.
    private void Reply(in MessageHeader header, int payloadBytes, int place = SessionJournal.Head)
    {
        if (!header.IsPosted)
        {
            SendReply(header.Reply(payloadBytes), place);
        }
    }

    private void SendReply(in MessageHeader header, int place)
    {
        if (!_isPeerGone)
        {
            header.WriteTo(_scratch);
            AfterSend(_outgoing.SendReply(_transport, _scratch.AsSpan(0, (int)header.Bytes), place));
        }
    }

    private void SendOwn(in MessageHeader header)
    {
        if (!_isPeerGone)
        {
            header.WriteTo(_scratch);
            AfterSend(_outgoing.Send(_transport, _scratch.AsSpan(0, (int)header.Bytes)));
        }
    }

    private void AfterSend(StreamStatus status)
    {
        _isPeerGone = status == StreamStatus.Closed;
        _unreadSince = status == StreamStatus.WouldBlock ? _unreadSince ?? _now : null;
    }
}
