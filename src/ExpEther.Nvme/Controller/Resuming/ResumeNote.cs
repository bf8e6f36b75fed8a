using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Resuming;

/// <summary>
/// What a controller notes for its next life: where its host waits to hear that it failed. Magic and version (4 B), identity (8 B), base of
/// the admin completion queue (8 B), its entries (2 B), identifier of an outstanding Asynchronous Event Request (2 B); little-endian.
/// </summary>
/// <param name="Identity">Which controller noted it: a hash of its serial number and CNTLID.</param>
/// <param name="Acq">ACQ.</param>
/// <param name="Entries">2 to 4096.</param>
/// <param name="Request">The command identifier.</param>
internal readonly record struct ResumeNote(ulong Identity, ulong Acq, ushort Entries, ushort Request)
{
    public const int Bytes = 24;

    private const uint Magic = 0x314D_564E;
    private const int EntriesMax = 4096;

    public int Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(into[4..], Identity);
        BinaryPrimitives.WriteUInt64LittleEndian(into[12..], Acq);
        BinaryPrimitives.WriteUInt16LittleEndian(into[20..], Entries);
        BinaryPrimitives.WriteUInt16LittleEndian(into[22..], Request);
        return Bytes;
    }

    /// <returns>False: not a note, not this controller's, or of a queue that there cannot be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> note, ulong identity, out ResumeNote read)
    {
        read = default;
        if (note.Length != Bytes || BinaryPrimitives.ReadUInt32LittleEndian(note) != Magic)
        {
            return false;
        }

        read = new ResumeNote(
            BinaryPrimitives.ReadUInt64LittleEndian(note[4..]), BinaryPrimitives.ReadUInt64LittleEndian(note[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(note[20..]), BinaryPrimitives.ReadUInt16LittleEndian(note[22..]));
        return read.Identity == identity && read.Entries is >= 2 and <= EntriesMax && (read.Acq & (NvmeSizes.PageBytesMin - 1)) == 0
            && read.Acq <= ulong.MaxValue - (EntriesMax * NvmeSizes.CompletionEntryBytes);
    }

    /// <summary>FNV-1a of the serial number and the CNTLID.</summary>
    public static ulong IdentityOf(string serialNumber, int controllerId)
    {
        const ulong Prime = 1099511628211;
        var hash = 14695981039346656037;
        foreach (var c in serialNumber)
        {
            hash = (hash ^ c) * Prime;
        }

        return (hash ^ (uint)controllerId) * Prime;
    }
}
