using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Sessions;

namespace ExpEther.VfioUser.Tests.Sessions;

/// <summary>A stream in memory that gives bytes, descriptors and room in the pieces that a seed wants.</summary>
internal sealed class PieceTransport(Random random) : IClientTransport
{
    private readonly Queue<(byte[] Bytes, int[] Descriptors)> _sends = [];
    private readonly List<byte> _received = [];
    private int _taken;

    public bool IsClosed { get; set; }

    public bool IsDisposed { get; private set; }

    /// <summary>How readily the client reads: 0 never, 100 always.</summary>
    public int ReadPercent { get; set; } = 100;

    public bool IsIdle => _sends.Count == 0;

    /// <summary>What the session sent so far; cleared by who looks at it.</summary>
    public List<byte> Received => _received;

    /// <summary>The client's one send; the descriptors are owned by whoever receives them.</summary>
    public void Send(byte[] bytes, params int[] descriptors) => _sends.Enqueue((bytes, descriptors));

    public StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes)
    {
        bytes = 0;
        if (_sends.Count == 0)
        {
            return IsClosed ? StreamStatus.Closed : StreamStatus.WouldBlock;
        }

        // As the kernel does: sends are glued until one that brought descriptors.
        while (bytes < into.Length && _sends.TryPeek(out var send))
        {
            var isOver = false;
            foreach (var descriptor in _taken == 0 ? send.Descriptors : [])
            {
                isOver |= !descriptors.TryAdd(descriptor);
            }

            if (isOver)
            {
                _sends.Dequeue();
                descriptors.CloseAll();
                return StreamStatus.Closed;
            }

            var hasDescriptors = _taken == 0 && send.Descriptors.Length > 0;
            var count = Math.Min(Math.Min(send.Bytes.Length - _taken, into.Length - bytes), random.Next(4) == 0 ? random.Next(1, 40) : int.MaxValue);
            send.Bytes.AsSpan(_taken, count).CopyTo(into[bytes..]);
            bytes += count;
            _taken += count;
            if (_taken == send.Bytes.Length)
            {
                _sends.Dequeue();
                _taken = 0;
            }

            if (hasDescriptors || random.Next(3) == 0)
            {
                break;
            }
        }

        return StreamStatus.Moved;
    }

    public StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes)
    {
        bytes = 0;
        if (IsClosed)
        {
            return StreamStatus.Closed;
        }

        if (random.Next(100) >= ReadPercent)
        {
            return StreamStatus.WouldBlock;
        }

        bytes = random.Next(4) == 0 ? random.Next(1, from.Length + 1) : from.Length;
        _received.AddRange(from[..bytes]);
        return StreamStatus.Moved;
    }

    public void Dispose()
    {
        IsDisposed = true;
        foreach (var (_, descriptors) in _sends.Skip(_taken > 0 ? 1 : 0))
        {
            using var rest = new ReceivedDescriptors();
            foreach (var descriptor in descriptors)
            {
                rest.TryAdd(descriptor);
            }
        }
    }
}
