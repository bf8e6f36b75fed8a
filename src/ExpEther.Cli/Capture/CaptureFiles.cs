using System.Buffers.Binary;
using System.Globalization;
using ExpEther.Daemon.Capture;

namespace ExpEther.Cli.Capture;

/// <summary>
/// Writes a pcapng stream to files of bounded size. Each file begins with the stream's section and interface blocks, so each can be read
/// alone; the oldest is deleted when there are too many. TLPs carry what disks hold, so nobody else may read the files.
/// </summary>
/// <param name="path">The file; with several, the pattern of their names: <c>run.pcapng</c> makes <c>run-00001.pcapng</c> and so on.</param>
/// <param name="bytesMax">A file's size.</param>
/// <param name="filesMax">1: when the file is full nothing more is written.</param>
internal sealed class CaptureFiles(string path, long bytesMax, int filesMax) : IDisposable
{
    private readonly List<byte> _head = [];
    private readonly Queue<string> _names = new();
    private byte[] _pending = new byte[64 << 10];
    private int _pendingBytes;
    private FileStream? _file;
    private long _bytes;
    private int _number;

    /// <summary>The one file there may be is full.</summary>
    public bool IsFull { get; private set; }

    public long Packets { get; private set; }

    /// <summary>Those that are there now, the oldest first.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Takes the next part of the stream, cut anywhere.</summary>
    public void Write(ReadOnlySpan<byte> stream)
    {
        if (_pending.Length - _pendingBytes < stream.Length)
        {
            Array.Resize(ref _pending, Math.Max(_pending.Length * 2, _pendingBytes + stream.Length));
        }

        stream.CopyTo(_pending.AsSpan(_pendingBytes));
        _pendingBytes += stream.Length;
        var at = 0;
        while (_pendingBytes - at >= Pcapng.BlockBytesMin)
        {
            var block = _pending.AsSpan(at, _pendingBytes - at);
            var length = BinaryPrimitives.ReadInt32LittleEndian(block[4..]);
            if (length < Pcapng.BlockBytesMin)
            {
                throw new IOException("the daemon's capture is not pcapng");
            }

            if (length > block.Length)
            {
                break;
            }

            WriteBlock(block[..length]);
            at += length;
        }

        _pending.AsSpan(at, _pendingBytes - at).CopyTo(_pending);
        _pendingBytes -= at;
        _file?.Flush();
    }

    public void Dispose() => _file?.Dispose();

    private void WriteBlock(ReadOnlySpan<byte> block)
    {
        var type = BinaryPrimitives.ReadUInt32LittleEndian(block);
        if (type is Pcapng.SectionHeader or Pcapng.InterfaceDescription)
        {
            _head.AddRange(block);
            return;
        }

        // A full file still takes the few bytes that say what was lost.
        if (type == Pcapng.EnhancedPacket)
        {
            if (IsFull || (_file is not null && _bytes + block.Length > bytesMax && filesMax == 1))
            {
                IsFull = true;
                return;
            }

            Packets++;
        }

        if (_file is null || (_bytes + block.Length > bytesMax && filesMax > 1))
        {
            Next();
        }

        _file!.Write(block);
        _bytes += block.Length;
    }

    private void Next()
    {
        _file?.Dispose();
        _number++;
        var name = filesMax == 1
            ? path
            : Path.Combine(
                Path.GetDirectoryName(path) ?? "",
                string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path)}-{_number:00000}{Path.GetExtension(path)}"));
        _file = new FileStream(name, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        _names.Enqueue(name);
        if (_names.Count > filesMax)
        {
            File.Delete(_names.Dequeue());
        }

        var head = _head.ToArray();
        _file.Write(head);
        _bytes = head.Length;
    }
}
