using ExpEther.Linux;
using ExpEther.Linux.Memory;

namespace ExpEther.VfioUser.Memory;

/// <summary>
/// The files behind a client's memory, each mapped once and whole however many ranges lie in it: a monitor maps and unmaps its memory in many
/// pieces while a guest boots. A file's mapping goes with its last range. Rights are the ranges', looked at on each access.
/// </summary>
internal sealed class MappedFiles
{
    private readonly List<Entry> _entries = [];
    private ulong _bytes;

    public int Count => _entries.Count;

    /// <summary>Uses a part of the file that a descriptor means; the descriptor stays the caller's.</summary>
    /// <param name="descriptor">A client's.</param>
    /// <param name="end">The first byte behind the part.</param>
    /// <param name="isWritten">The device may write there.</param>
    /// <param name="entry">To be given to <see cref="Release"/>.</param>
    /// <param name="unsafeFile">Why the file may not be mapped, when it was refused with EPERM, or why its mapping is guarded.</param>
    /// <returns>None, or what to refuse the client with.</returns>
    public Errno TryUse(int descriptor, ulong end, bool isWritten, out Entry? entry, out SharedMappingError unsafeFile)
    {
        unsafeFile = SharedMappingError.None;
        entry = null;
        if (!SharedMapping.TryIdentify(descriptor, out var identity, out var bytes))
        {
            unsafeFile = SharedMappingError.NotAFile;
            return Errno.EPERM;
        }

        if (end > bytes)
        {
            return Errno.EINVAL;
        }

        entry = Find(identity, end);
        var isNew = entry is null;
        if (entry is null)
        {
            if (_entries.Count == VfioUserLimits.MemoryFilesMax || bytes > VfioUserLimits.MemoryFileBytesMax - _bytes)
            {
                return Errno.ENOSPC;
            }

            if (SharedMapping.TryMap(descriptor, out unsafeFile) is not { } mapping)
            {
                return unsafeFile == SharedMappingError.Refused ? Errno.ENOMEM : Errno.EPERM;
            }

            entry = new Entry(mapping);
        }

        if (isWritten && !entry.Mapping.IsWritable)
        {
            if (isNew)
            {
                entry.Mapping.Dispose();
            }

            entry = null;
            return Errno.EACCES;
        }

        if (isNew)
        {
            _entries.Add(entry);
            _bytes += entry.Mapping.Bytes;
        }

        entry.Uses++;
        unsafeFile = entry.Mapping.GuardedFor;
        return Errno.None;
    }

    /// <summary>One use less; the last one unmaps the file: no span into it is in use, they live within one call of the owner's thread.</summary>
    public void Release(Entry entry)
    {
        Check.That(entry.Uses > 0);
        if (--entry.Uses == 0)
        {
            _bytes -= entry.Mapping.Bytes;
            _entries.Remove(entry);
            entry.Mapping.Dispose();
        }
    }

    // A file that has grown since is mapped once more, at its new size.
    private Entry? Find(FileIdentity identity, ulong end)
    {
        foreach (var entry in _entries)
        {
            if (entry.Mapping.Identity == identity && end <= entry.Mapping.Bytes)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>A mapped file and how many ranges lie in it.</summary>
    internal sealed class Entry(SharedMapping mapping)
    {
        public SharedMapping Mapping { get; } = mapping;

        public int Uses { get; set; }
    }
}
