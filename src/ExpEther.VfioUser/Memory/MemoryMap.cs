using ExpEther.Linux;
using ExpEther.Linux.Memory;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Memory;

/// <summary>
/// The ranges that a client mapped, sorted by address, none overlapping another. An access is found by the range that was hit last, else by
/// binary search; nothing is allocated.
/// <para>
/// One access is served from one range. Ranges that continue each other are not joined: they consist of whole pages, and no TLP crosses one.
/// </para>
/// </summary>
internal sealed class MemoryMap(MappedFiles files)
{
    private MemoryRange[] _ranges = new MemoryRange[16];
    private int _hit;

    public int Count { get; private set; }

    /// <summary>Maps a range.</summary>
    /// <param name="map">In whole pages, not wrapping.</param>
    /// <param name="descriptor">Its file, which stays the caller's; null: it is reached by asking.</param>
    /// <param name="rangesMax">As negotiated.</param>
    /// <param name="unsafeFile">Why the file may not be mapped, when it was refused with EPERM, or why its mapping is guarded.</param>
    /// <returns>None, or what to refuse it with: EEXIST for an overlap, as the specification asks.</returns>
    public unsafe Errno TryAdd(in DmaMap map, int? descriptor, int rangesMax, out SharedMappingError unsafeFile)
    {
        unsafeFile = SharedMappingError.None;
        var place = FirstAtOrAfter(map.Address);
        if ((place < Count && _ranges[place].Address <= map.Last) || (place > 0 && _ranges[place - 1].Last >= map.Address))
        {
            return Errno.EEXIST;
        }

        if (Count >= rangesMax)
        {
            return Errno.ENOSPC;
        }

        var isWritten = (map.Flags & DmaMapFlags.Writeable) != 0;
        MappedFiles.Entry? file = null;
        if (descriptor is { } fd && files.TryUse(fd, map.Offset + map.Bytes, isWritten, out file, out unsafeFile) is var error and not Errno.None)
        {
            return error;
        }

        var rights = ((map.Flags & DmaMapFlags.Readable) != 0 ? DmaRights.Read : DmaRights.None) | (isWritten ? DmaRights.Write : DmaRights.None);

        // SAFETY: offset and size were found to lie within the file, all of which is mapped there.
        var start = file is null ? 0 : (nint)(file.Mapping.Start + map.Offset);
        Insert(place, new MemoryRange(map.Address, map.Last, rights, file, start));
        return Errno.None;
    }

    /// <summary>Unmaps all ranges within the given one (VFIO type 1 v2: never a part of a range); there may be none, which is no error there either.</summary>
    /// <returns>None, or what to refuse it with: a range lies across an end.</returns>
    public Errno TryRemove(ulong address, ulong last)
    {
        var from = FirstAtOrAfter(address);
        var to = from;
        while (to < Count && _ranges[to].Last <= last)
        {
            to++;
        }

        var isCut = (to < Count && _ranges[to].Address <= last) || (from > 0 && _ranges[from - 1].Last >= address);
        if (isCut)
        {
            return Errno.EINVAL;
        }

        RemoveAt(from, to - from);
        return Errno.None;
    }

    public void Clear() => RemoveAt(0, Count);

    /// <summary>The range that all of an access lies in.</summary>
    /// <param name="address">Its first byte.</param>
    /// <param name="bytes">At least 1.</param>
    /// <param name="range">Where it is.</param>
    public bool TryFind(ulong address, int bytes, out MemoryRange range)
    {
        if (_hit >= Count || !_ranges[_hit].Contains(address, bytes))
        {
            // The last that begins at or before the address.
            var place = address == ulong.MaxValue ? Count : FirstAtOrAfter(address + 1);
            if (place == 0 || !_ranges[place - 1].Contains(address, bytes))
            {
                range = default;
                return false;
            }

            _hit = place - 1;
        }

        range = _ranges[_hit];
        return true;
    }

    private int FirstAtOrAfter(ulong address)
    {
        var low = 0;
        var high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ranges[middle].Address < address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Insert(int place, in MemoryRange range)
    {
        if (Count == _ranges.Length)
        {
            Array.Resize(ref _ranges, _ranges.Length * 2);
        }

        Array.Copy(_ranges, place, _ranges, place + 1, Count - place);
        _ranges[place] = range;
        Count++;
    }

    private void RemoveAt(int place, int count)
    {
        for (var i = place; i < place + count; i++)
        {
            if (_ranges[i].File is { } file)
            {
                files.Release(file);
            }
        }

        Array.Copy(_ranges, place + count, _ranges, place, Count - place - count);
        Array.Clear(_ranges, Count - count, count);
        Count -= count;
    }
}
