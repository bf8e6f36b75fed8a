using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Sessions;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Sessions;

[Collection(OneAtATime.Name)]
public class OutgoingQueueTests
{
    [Fact]
    public void What_had_to_wait_is_sent_message_by_message()
    {
        using var transport = new CountedTransport();
        using var journal = SessionJournal.Create();
        var queue = new OutgoingQueue(journal);
        var message = Message.Of(1, VfioUserCommand.DmaRead, 0, Message.Numbers(0ul, 4));
        transport.Room = 20;
        Assert.Equal(StreamStatus.WouldBlock, queue.Send(transport, message));
        Assert.Equal(StreamStatus.WouldBlock, queue.Send(transport, message));
        Assert.Equal(StreamStatus.WouldBlock, queue.Send(transport, message));
        Assert.Equal(12 + 32 + 32, queue.Count);

        transport.Room = 12 + 32 + 5;
        Assert.Equal(StreamStatus.Moved, queue.Flush(transport));
        transport.Room = 1000;
        Assert.Equal(StreamStatus.Moved, queue.Flush(transport));
        Assert.Equal(0, queue.Count);
        Assert.Equal([20, 12, 32, 5, 27], transport.Sends);
        Assert.Equal([.. message, .. message, .. message], transport.Bytes);
    }

    private sealed class CountedTransport : IClientTransport
    {
        public int Room { get; set; }

        public List<int> Sends { get; } = [];

        public List<byte> Bytes { get; } = [];

        public StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes)
        {
            bytes = 0;
            return StreamStatus.WouldBlock;
        }

        public StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes)
        {
            bytes = Math.Min(Room, from.Length);
            if (bytes == 0)
            {
                return StreamStatus.WouldBlock;
            }

            Room -= bytes;
            Sends.Add(bytes);
            Bytes.AddRange(from[..bytes]);
            return StreamStatus.Moved;
        }

        public void Dispose() => Room = 0;
    }
}
