using System.Buffers.Binary;
using System.Text;
using ExpEther.Core.Counters;
using ExpEther.Core.Time;
using ExpEther.Linux.Files;

namespace ExpEther.Daemon.Counters;

/// <summary>
/// Reads counter pages. A page is another process's file: nothing in it is trusted, every length is checked against what is there. It is read,
/// not mapped, so that a file that is cut meanwhile is an error and not a signal.
/// </summary>
public static class CounterPageReader
{
    /// <exception cref="CounterPageException">It is no counter page, a damaged one, or of another version.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CounterSnapshot Read(string path)
    {
        var snapshot = ReadFile(path);

        // A file that its maker let go may just have been replaced by a new layout.
        return snapshot.IsRunning ? snapshot : ReadFile(path);
    }

    private static CounterSnapshot ReadFile(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = RandomAccess.GetLength(file);
        if (bytes is < CounterPageLayout.HeaderBytes or > CounterPageLimits.FileBytesMax)
        {
            throw new CounterPageException($"{path} is no counter page: it has {bytes} bytes");
        }

        var page = new byte[(int)bytes];
        var header = page.AsSpan(0, CounterPageLayout.HeaderBytes);
        ReadAll(file, header, 0, path);
        for (var attempt = 0; attempt < CounterPageLimits.ReadAttemptsMax; attempt++)
        {
            var sequence = BinaryPrimitives.ReadUInt64LittleEndian(header[CounterPageLayout.SequenceOffset..]);
            ReadAll(file, page.AsSpan(CounterPageLayout.HeaderBytes), CounterPageLayout.HeaderBytes, path);
            ReadAll(file, header, 0, path);
            if (BinaryPrimitives.ReadUInt64LittleEndian(header[CounterPageLayout.SequenceOffset..]) == sequence)
            {
                return Parse(page, path, MappedFile.IsHeld(file));
            }
        }

        throw new CounterPageException($"{path}: no whole snapshot can be read from it");
    }

    /// <summary>The snapshot of a whole page's bytes.</summary>
    /// <exception cref="CounterPageException">They are not one.</exception>
    internal static CounterSnapshot Parse(ReadOnlySpan<byte> page, string path, bool isRunning)
    {
        if (page.Length < CounterPageLayout.HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(page) != CounterPageLayout.Magic)
        {
            throw new CounterPageException($"{path} is no counter page");
        }

        var version = Field(page, CounterPageLayout.VersionOffset);
        if (version != CounterPageLayout.Version)
        {
            throw new CounterPageException($"{path} is a counter page of version {version}, this program reads version {CounterPageLayout.Version}");
        }

        var count = Field(page, CounterPageLayout.EntryCountOffset);
        var sequence = BinaryPrimitives.ReadUInt64LittleEndian(page[CounterPageLayout.SequenceOffset..]);
        var bankBytes = Field(page, CounterPageLayout.BankBytesOffset);
        if (count > CounterPageLimits.EntriesMax || bankBytes != CounterPageLayout.BankHeadBytes + (count * sizeof(long)) || sequence == 0)
        {
            throw Damaged(path, "its counts do not fit each other");
        }

        var table = Part(
            page, Field(page, CounterPageLayout.TableOffsetOffset), Field(page, CounterPageLayout.TableBytesOffset), path, "its table");
        var bank = Part(
            page, Field(page, (sequence & 1) == 0 ? CounterPageLayout.Bank0OffsetOffset : CounterPageLayout.Bank1OffsetOffset), bankBytes, path, "a bank");
        var values = new CounterValue[count];
        for (var i = 0; i < values.Length; i++)
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(bank[(CounterPageLayout.BankHeadBytes + (i * sizeof(long)))..]);
            values[i] = TakeEntry(ref table, value, path);
        }

        return new CounterSnapshot(
            path, (int)Field(page, CounterPageLayout.ProcessIdOffset), isRunning,
            BinaryPrimitives.ReadUInt64LittleEndian(page[CounterPageLayout.GenerationOffset..]), sequence,
            new Instant(BinaryPrimitives.ReadInt64LittleEndian(bank)),
            TimeSpan.FromMilliseconds(4.0 * Field(page, CounterPageLayout.HeartbeatMillisecondsOffset)),
            (int)Field(page, CounterPageLayout.EntriesLeftOutOffset), values);
    }

    private static CounterValue TakeEntry(ref ReadOnlySpan<byte> table, long value, string path)
    {
        if (table.Length < CounterPageLayout.EntryHeadBytes)
        {
            throw Damaged(path, "its table ends too early");
        }

        int bytes = BinaryPrimitives.ReadUInt16LittleEndian(table);
        int pathBytes = BinaryPrimitives.ReadUInt16LittleEndian(table[CounterPageLayout.EntryPathBytesOffset..]);
        int textBytes = BinaryPrimitives.ReadUInt16LittleEndian(table[CounterPageLayout.EntryTextBytesOffset..]);
        var kind = (CounterKind)table[CounterPageLayout.EntryKindOffset];
        if (bytes > table.Length || (bytes & 7) != 0 || pathBytes is 0 or > CounterPageLimits.PathBytesMax || textBytes > CounterPageLimits.TextBytesMax
            || CounterPageLayout.EntryHeadBytes + pathBytes + textBytes > bytes || kind > CounterKind.List)
        {
            throw Damaged(path, "an entry of its table is wrong");
        }

        var names = table[CounterPageLayout.EntryHeadBytes..bytes];
        table = table[bytes..];
        return new CounterValue(
            Encoding.UTF8.GetString(names[..pathBytes]), kind, Encoding.UTF8.GetString(names.Slice(pathBytes, textBytes)), value);
    }

    private static uint Field(ReadOnlySpan<byte> page, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(page[offset..]);

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> page, uint offset, uint bytes, string path, string what) =>
        (ulong)offset + bytes <= (ulong)page.Length && offset >= CounterPageLayout.HeaderBytes && bytes > 0
            ? page.Slice((int)offset, (int)bytes)
            : throw Damaged(path, $"{what} is not inside");

    private static CounterPageException Damaged(string path, string how) => new($"{path} is damaged: {how}");

    private static void ReadAll(Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> into, long at, string path)
    {
        while (into.Length > 0)
        {
            var read = RandomAccess.Read(file, into, at);
            if (read == 0)
            {
                throw Damaged(path, "it became shorter");
            }

            into = into[read..];
            at += read;
        }
    }
}
