using System.Runtime.InteropServices;
using ExpEther.Linux.Memory;

namespace ExpEther.VfioUser.Keeping;

/// <summary>The memory of a <see cref="SessionJournal"/>, which outlives the process that writes it where another one has its descriptor.</summary>
internal class JournalMemory(SharedMemoryFile file) : IDisposable
{
    public int FileDescriptor => file.FileDescriptor;

    public Span<byte> Bytes => file.Bytes;

    public ulong Load(int offset) => MemoryMarshal.Read<ulong>(Bytes[offset..]);

    /// <summary>Writes a number whole and after all that was written before, so that a process that is killed leaves a beginning of the sequence.</summary>
    /// <param name="offset">A multiple of 8.</param>
    /// <param name="value">What to write.</param>
    public virtual void Store(int offset, ulong value) =>
        Volatile.Write(ref MemoryMarshal.AsRef<ulong>(Bytes.Slice(offset, sizeof(ulong))), value);

    public void Dispose() => file.Dispose();
}
