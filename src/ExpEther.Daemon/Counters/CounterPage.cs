using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ExpEther.Core.Counters;
using ExpEther.Core.Time;
using ExpEther.Linux.Files;

namespace ExpEther.Daemon.Counters;

/// <summary>
/// A daemon's counters as a file beside its control socket, for any program to read (docs/counters.md).
/// <para>
/// Theory: the table is written once per file; a new layout is a new file under the same name, so a reader never sees a table change. The
/// values are in two banks. Snapshot n goes to bank n mod 2, then the sequence number becomes n: the newest whole snapshot is there at
/// every moment, even when the writer stops in the middle of the next one. A reader takes the bank that the sequence number names and keeps
/// what it read if the number is still the same. Banks are written and the number is stored in this order by release stores.
/// </para>
/// </summary>
public sealed class CounterPage : ICounterPage, IDisposable
{
    private readonly string _path;
    private readonly IEventSink _events;
    private MappedFile? _file;
    private Func<long>?[] _reads = [];
    private int _bank0;
    private int _bankBytes;
    private ulong _generation;
    private ulong _sequence;

    /// <param name="path">Of the page: <see cref="CounterPaths.Of"/> a control socket that this daemon has.</param>
    /// <param name="events">Where it is reported that a page cannot be laid anew.</param>
    public CounterPage(string path, IEventSink events)
    {
        _path = path;
        _events = events;
    }

    /// <summary>Files made so far.</summary>
    public ulong Generation => _generation;

    /// <summary>Makes a new file. Where that cannot be, it is reported, and nothing is shown until the next layout.</summary>
    public void Lay(IReadOnlyList<CounterEntry> entries, Instant now)
    {
        try
        {
            if (_generation == 0)
            {
                SeeThatNothingIsLost();
            }

            Replace(entries, now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            _events.Report(EventSeverity.Warning, _path, $"the counters cannot be shown: {e.Message}");
        }
    }

    public void Publish(Instant now)
    {
        if (_file is not null)
        {
            Write(_file.Bytes, now);
        }
    }

    public void Dispose()
    {
        _file?.Remove();
        _file?.Dispose();
        _file = null;
    }

    private static (byte[] Bytes, int Count) TableOf(IReadOnlyList<CounterEntry> entries)
    {
        var table = new List<byte>();
        Span<byte> head = stackalloc byte[CounterPageLayout.EntryHeadBytes];
        var count = Math.Min(entries.Count, CounterPageLimits.EntriesMax);
        for (var i = 0; i < count; i++)
        {
            var entry = entries[i];
            var path = Encoding.UTF8.GetBytes(entry.Path);
            var text = Cut(entry.Text);
            Check.That(path.Length <= CounterPageLimits.PathBytesMax);
            var bytes = (CounterPageLayout.EntryHeadBytes + path.Length + text.Length + 7) & ~7;
            head.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(head[CounterPageLayout.EntryBytesOffset..], (ushort)bytes);
            head[CounterPageLayout.EntryKindOffset] = (byte)entry.Kind;
            BinaryPrimitives.WriteUInt16LittleEndian(head[CounterPageLayout.EntryPathBytesOffset..], (ushort)path.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(head[CounterPageLayout.EntryTextBytesOffset..], (ushort)text.Length);
            table.AddRange(head);
            table.AddRange(path);
            table.AddRange(text);
            table.AddRange(Enumerable.Repeat((byte)0, bytes - CounterPageLayout.EntryHeadBytes - path.Length - text.Length));
        }

        return ([.. table], count);
    }

    /// <summary>At most so many bytes, no letter cut in two.</summary>
    private static byte[] Cut(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        while (runes.Sum(r => r.Utf8SequenceLength) > CounterPageLimits.TextBytesMax)
        {
            runes.RemoveAt(runes.Count - 1);
        }

        return Encoding.UTF8.GetBytes(string.Concat(runes));
    }

    /// <summary>A page of a daemon before us is replaced. Something else of that name is somebody's, and stays.</summary>
    /// <exception cref="IOException">There is something else.</exception>
    private void SeeThatNothingIsLost()
    {
        if (!Path.Exists(_path) && new FileInfo(_path).LinkTarget is null)
        {
            return;
        }

        Span<byte> magic = stackalloc byte[sizeof(ulong)];
        if ((File.GetAttributes(_path) & (FileAttributes.Directory | FileAttributes.ReparsePoint | FileAttributes.Device)) == 0)
        {
            using var file = File.OpenHandle(_path);
            if (RandomAccess.Read(file, magic, CounterPageLayout.MagicOffset) == magic.Length
                && BinaryPrimitives.ReadUInt64LittleEndian(magic) == CounterPageLayout.Magic)
            {
                return;
            }
        }

        throw new IOException($"{_path} is there and is no counter page; remove it, or give the control socket another name");
    }

    /// <summary>The new file is shown with its first snapshot in it, and only then is the old one let go.</summary>
    private void Replace(IReadOnlyList<CounterEntry> entries, Instant now)
    {
        Check.That(BitConverter.IsLittleEndian);
        var (table, count) = TableOf(entries);
        var bank0 = CounterPageLayout.HeaderBytes + table.Length;
        var bankBytes = CounterPageLayout.BankHeadBytes + (count * sizeof(long));
        var fileBytes = bank0 + (2 * bankBytes);
        var file = MappedFile.Create(_path, fileBytes);
        try
        {
            WriteHeader(file.Bytes, count, table.Length, bank0, bankBytes, fileBytes, entries.Count - count);
            table.CopyTo(file.Bytes[CounterPageLayout.HeaderBytes..]);
            _reads = [.. entries.Take(count).Select(e => e.Read)];
            (_bank0, _bankBytes, _sequence) = (bank0, bankBytes, 0);
            Write(file.Bytes, now);
            file.Show();
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _file?.Dispose();
        _file = file;
        _generation++;
    }

    private void Write(Span<byte> page, Instant now)
    {
        var next = _sequence + 1;
        var bank = MemoryMarshal.Cast<byte, long>(page.Slice(_bank0 + ((int)(next & 1) * _bankBytes), _bankBytes));
        bank[0] = now.Nanoseconds;
        for (var i = 0; i < _reads.Length; i++)
        {
            if (_reads[i] is { } read)
            {
                bank[1 + i] = read();
            }
        }

        _sequence = next;
        Volatile.Write(ref Unsafe.As<byte, ulong>(ref page[CounterPageLayout.SequenceOffset]), next);

        // No store to the other bank, at the next publication, may be seen before this one.
        Volatile.WriteBarrier();
    }

    private void WriteHeader(Span<byte> into, int count, int tableBytes, int bank0, int bankBytes, int fileBytes, int leftOut)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(into[CounterPageLayout.MagicOffset..], CounterPageLayout.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(into[CounterPageLayout.VersionOffset..], CounterPageLayout.Version);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.HeaderBytesOffset..], CounterPageLayout.HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(into[CounterPageLayout.GenerationOffset..], _generation + 1);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.ProcessIdOffset..], Environment.ProcessId);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.EntryCountOffset..], count);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.TableOffsetOffset..], CounterPageLayout.HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.TableBytesOffset..], tableBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.Bank0OffsetOffset..], bank0);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.Bank1OffsetOffset..], bank0 + bankBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.BankBytesOffset..], bankBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.FileBytesOffset..], fileBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.PublishMillisecondsOffset..], CounterLimits.PublishMilliseconds);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.HeartbeatMillisecondsOffset..], CounterLimits.HeartbeatMilliseconds);
        BinaryPrimitives.WriteInt32LittleEndian(into[CounterPageLayout.EntriesLeftOutOffset..], leftOut);
    }
}
