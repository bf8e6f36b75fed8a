using ExpEther.Linux;
using ExpEther.Linux.Memory;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>What a client asks.</summary>
internal sealed partial class ClientSession
{
    // The largest of them: header and a region's description.
    private const int SmallReplyBytes = MessageHeader.Size + RegionInfo.Size;

    // A range of guest RAM, as against a ROM or a window of another device.
    private const ulong MainMemoryBytes = 16 << 20;

    // Between the RAM below 4 GiB and the end of these lie the windows of devices: of a graphics card's memory, which a client maps as RAM and without
    // descriptor, and to which no function does DMA. Firmware puts no window lower, and machines put no RAM there (QEMU: q35 2 GiB below, pc 3.5 GiB
    // at most, of which the part from here on has a descriptor if the rest has).
    private const ulong DeviceMemoryFirst = 0x8000_0000;
    private const ulong DeviceMemoryLast = 0xFFFF_FFFF;

    private HeldFor Take(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case MessageFlags.Reply:
                TakeReply(header, payload);
                return HeldFor.Nothing;
            case MessageFlags.Command when !IsServed:
                TakeVersion(header, payload);
                return HeldFor.Nothing;
            case MessageFlags.Command:
                return TakeRequest(header, payload);
            default:
                Violate($"a message that is neither command nor reply (flags {(uint)header.Flags:X}h)");
                return HeldFor.Nothing;
        }
    }

    private void TakeVersion(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Command != VfioUserCommand.Version || header.IsPosted)
        {
            Violate("its first message does not ask for a version");
            return;
        }

        if (VersionOffer.TryParse(payload, out var offer) is { } reason)
        {
            // The specification asks for an error reply before the connection is closed; a client that does not read it gets the close alone.
            Answer(header, Errno.EINVAL);
            Flush();
            Violate(reason);
            return;
        }

        _rangesMax = (int)Math.Min(offer.MemoryRangesMax, VfioUserLimits.MemoryRangesMax);
        var written = offer.WriteReply(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, written);
        _journal.MarkServed();
        IsServed = true;
        _memory.Channel = this;
        _device.OnConnected();
    }

    private HeldFor TakeRequest(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (_isResetting)
        {
            return HeldFor.Reset;
        }

        var replyBytes = header.IsPosted ? 0 : header.Command == VfioUserCommand.RegionRead ? VfioUserLimits.MessageBytesMax : SmallReplyBytes;
        if (_pending.IsFull || !_journal.HasPlace || _outgoing.Count + _pending.ReplyBytes + replyBytes > VfioUserLimits.ReplyBytesMax)
        {
            return HeldFor.Replies;
        }

        switch (header.Command)
        {
            case VfioUserCommand.Version:
                Violate("it asks for a version twice");
                return HeldFor.Nothing;
            case VfioUserCommand.DmaMap:
                Answer(header, MapMemory(payload));
                return HeldFor.Nothing;
            case VfioUserCommand.DmaUnmap:
                UnmapMemory(header, payload);
                return HeldFor.Nothing;
        }

        // From here on it is about the device. Once described it may come and go: accesses then end as the device says.
        _wasReady |= _device.IsReady;
        if (!_wasReady)
        {
            return HeldFor.Readiness;
        }

        switch (header.Command)
        {
            case VfioUserCommand.DeviceGetInfo:
                DescribeDevice(header, payload);
                return HeldFor.Nothing;
            case VfioUserCommand.DeviceGetRegionInfo:
                DescribeRegion(header, payload);
                return HeldFor.Nothing;
            case VfioUserCommand.DeviceGetIrqInfo:
                DescribeInterrupts(header, payload);
                return HeldFor.Nothing;
            case VfioUserCommand.DeviceSetIrqs:
                Answer(header, _interrupts.Set(payload, _incoming.Descriptors));
                return HeldFor.Nothing;
            case VfioUserCommand.RegionRead:
                return ReadRegion(header, payload);
            case VfioUserCommand.RegionWrite:
                return WriteRegion(header, payload);
            case VfioUserCommand.DeviceReset:
                return Reset(header, payload);
            default:
                // DEVICE_GET_REGION_IO_FDS among them: whoever does not offer such descriptors says so.
                Answer(header, Errno.EOPNOTSUPP);
                return HeldFor.Nothing;
        }
    }

    private Errno MapMemory(ReadOnlySpan<byte> payload)
    {
        var descriptors = _incoming.Descriptors;
        if (DmaMap.TryParse(payload, out var map) is var malformed and not Errno.None)
        {
            return malformed;
        }

        if (descriptors.Count > 1)
        {
            return Errno.EINVAL;
        }

        var error = _memory.Map.TryAdd(map, descriptors.Count == 0 ? null : descriptors[0], _rangesMax, out var unsafeFile);
        if (unsafeFile != SharedMappingError.None)
        {
            Troubles.Add(map.Address, map.Last, error == Errno.None ? EventSeverity.Warning : EventSeverity.Error, error == Errno.None
                ? $"guest memory at {map.Address:X}h is reached by the kernel's copies, a system call each, because {Explain(unsafeFile)}"
                : $"guest memory at {map.Address:X}h is refused: {Explain(unsafeFile)}");
        }

        if (error == Errno.None)
        {
            if (descriptors.Count == 0 && map.Bytes >= MainMemoryBytes && (map.Flags & DmaMapFlags.All) == DmaMapFlags.All
                && map.Address is < DeviceMemoryFirst or > DeviceMemoryLast)
            {
                Troubles.Add(
                    map.Address, map.Last, EventSeverity.Warning,
                    $"guest memory at {map.Address:X}h ({map.Bytes >> 20} MiB) came without a descriptor and is reached slowly: "
                    + (map.Address <= DeviceMemoryLast
                        ? "give the guest's memory backend share=on"
                        : "if it is a DIMM or a NUMA node, give its memory backend share=on; a graphics card's own memory needs nothing"));
            }

            _device.OnMemoryChanged();
        }

        return error;
    }

    private static string Explain(SharedMappingError error) => error switch
    {
        SharedMappingError.CanShrink =>
            "its file may be cut while we use it (no F_SEAL_SHRINK): leave seal=off out of -object memory-backend-memfd",
        SharedMappingError.HugePages =>
            "its huge pages may be taken away while we use them: leave hugetlb=on out of -object memory-backend-memfd",
        SharedMappingError.NotSealable =>
            "its file may be cut while we use it: write -object memory-backend-memfd,id=mem,size=...,share=on in place of memory-backend-file",
        SharedMappingError.SlowFileSystem =>
            "its file system may let us wait for another process or machine: put the file on tmpfs, ext4, XFS or Btrfs, or use memory-backend-memfd",
        SharedMappingError.Refused => "the kernel does not map it: look at `ulimit -v`, at free memory and, with hugetlb=on, at free huge pages",
        _ => "its descriptor means no file: write -object memory-backend-memfd,id=mem,size=...,share=on",
    };

    private void UnmapMemory(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var error = DmaUnmap.TryParse(payload, out var unmap);
        if (error == Errno.None)
        {
            if (unmap.Flags == DmaUnmapFlags.All)
            {
                _memory.Map.Clear();
                Troubles.Remove(0, ulong.MaxValue);
            }
            else
            {
                // A range that was refused is not mapped, and its trouble is over all the same.
                Troubles.Remove(unmap.Address, unmap.Last);
                error = _memory.Map.TryRemove(unmap.Address, unmap.Last);
            }
        }

        if (error != Errno.None)
        {
            Answer(header, error);
            return;
        }

        _device.OnMemoryChanged();
        unmap.WriteTo(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, DmaUnmap.Size);
    }

    private void DescribeDevice(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (DeviceInfo.TryParse(payload, out _) is var error and not Errno.None)
        {
            Answer(header, error);
            return;
        }

        DeviceInfo.Answer.WriteTo(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, DeviceInfo.Size);
    }

    private void DescribeRegion(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (RegionInfo.TryParse(payload, out var asked) is var error and not Errno.None)
        {
            Answer(header, error);
            return;
        }

        RegionInfo.Answer(asked.Index, _device.RegionOf((int)asked.Index)).WriteTo(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, RegionInfo.Size);
    }

    private void DescribeInterrupts(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (InterruptInfo.TryParse(payload, out var asked) is var error and not Errno.None)
        {
            Answer(header, error);
            return;
        }

        InterruptInfo.Answer(asked.Index, _device.InterruptsOf((int)asked.Index)).WriteTo(_scratch.AsSpan(MessageHeader.Size));
        Reply(header, InterruptInfo.Size);
    }

    private HeldFor ReadRegion(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var error = RegionAccess.TryParse(payload, isWrite: false, out var access);
        var region = error == Errno.None ? _device.RegionOf((int)access.Region) : default;
        if (error != Errno.None || header.IsPosted || !region.IsReadable || !access.IsWithin(region.Bytes))
        {
            Answer(header, Errno.EINVAL);
            return HeldFor.Nothing;
        }

        var token = _pending.NextToken;
        if (!_device.TryRead((int)access.Region, access.Offset, (int)access.Count, token))
        {
            return HeldFor.DeviceRoom;
        }

        _pending.Begin(header, access, MessageHeader.Size + RegionAccess.Size + (int)access.Count, _journal.Owe());
        _counters.RegionReads++;
        return HeldFor.Nothing;
    }

    private HeldFor WriteRegion(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var error = RegionAccess.TryParse(payload, isWrite: true, out var access);
        var region = error == Errno.None ? _device.RegionOf((int)access.Region) : default;
        if (error != Errno.None || !region.IsWritable || !access.IsWithin(region.Bytes))
        {
            Answer(header, Errno.EINVAL);
            return HeldFor.Nothing;
        }

        var token = _pending.NextToken;
        if (!_device.TryWrite((int)access.Region, access.Offset, payload[RegionAccess.Size..], token, header.IsPosted))
        {
            return HeldFor.DeviceRoom;
        }

        if (!header.IsPosted)
        {
            _pending.Begin(header, access, MessageHeader.Size + RegionAccess.Size, _journal.Owe());
        }

        _counters.RegionWrites++;
        return HeldFor.Nothing;
    }

    private HeldFor Reset(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (!payload.IsEmpty)
        {
            Answer(header, Errno.EINVAL);
            return HeldFor.Nothing;
        }

        if (!_device.TryReset(_pending.NextToken))
        {
            return HeldFor.DeviceRoom;
        }

        _pending.Begin(header, default, MessageHeader.Size, _journal.Owe());
        _isResetting = true;
        return HeldFor.Nothing;
    }
}
