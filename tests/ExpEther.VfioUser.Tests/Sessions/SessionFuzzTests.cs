using System.Buffers.Binary;
using CsCheck;
using ExpEther.Core.Time;
using ExpEther.Linux.Polling;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Memory;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Sessions;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Sessions;

/// <summary>
/// Clients of all kinds, each made from a seed: sensible, mutated and random messages, with and without descriptors, in pieces, to a device that
/// answers when and in what order it likes. Nothing they send is an exception or grows without bound; what they are owed they get.
/// </summary>
[Collection(OneAtATime.Name)]
public class SessionFuzzTests
{
    private const int Messages = 150;

    [Fact]
    public void No_client_breaks_a_session()
    {
        Run(1); // what is loaded once
        var before = ServerRig.OpenDescriptors();
        Gen.Int.Sample(Run, iter: 400, threads: 1);
        Assert.Equal(before, ServerRig.OpenDescriptors());
    }

    [Fact]
    public void A_client_that_only_asks_sensibly_gets_one_reply_to_each_request()
    {
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                using var transport = new PieceTransport(random) { ReadPercent = 60 };
                var run = new FuzzRun(transport, random, seed: (uint)seed & 0xFFFF);
                HashSet<int> expected = [0];
                transport.Send(Message.Version());
                for (var id = 1; id < Messages; id++)
                {
                    var isPosted = random.Next(3) == 0;
                    var offset = (ulong)random.Next(0x3000);
                    var flags = isPosted ? Message.NoReply : 0;
                    switch (random.Next(5))
                    {
                        case 0:
                            transport.Send(Message.RegionRead(id, 0, offset, (uint)random.Next(1, 4097)));
                            expected.Add(id);
                            break;
                        case 1:
                            transport.Send(Message.DeviceReset(id));
                            expected.Add(id);
                            break;
                        case 2:
                            transport.Send(Message.GetRegionInfo(id, (uint)random.Next(12)));
                            expected.Add(id);
                            break;
                        default:
                            transport.Send(Message.RegionWrite(id, 0, offset, new byte[random.Next(1, 64)], flags));
                            _ = isPosted || expected.Add(id);
                            break;
                    }

                    run.Turn();
                }

                transport.ReadPercent = 100;
                run.Drain();
                Assert.Null(run.Session.EndReason);
                var replies = run.TakeMessages().Where(m => (m.Flags & Message.Reply) != 0);
                Assert.Equal(expected.Order(), replies.Select(r => (int)r.Id).Order());
                run.End();
            },
            iter: 100,
            threads: 1);
    }

    private static void Run(int seed)
    {
        var random = new Random(seed);
        using var transport = new PieceTransport(random) { ReadPercent = random.Next(4) == 0 ? random.Next(20) : 90 };
        using var file = new MemoryFile(0x10_0000);
        var run = new FuzzRun(transport, random, (uint)seed & 0xFFFF);
        if (random.Next(20) > 0)
        {
            transport.Send(Message.Version());
        }

        for (var i = 0; i < Messages && run.Session.EndReason is null; i++)
        {
            var message = Sensible(random, i);
            if (random.Next(12) == 0)
            {
                Mutate(random, message);
            }

            transport.Send(message, Descriptors(random, message, file));
            run.Turn();
            if (random.Next(8) == 0)
            {
                run.AnswerOurs();
            }
        }

        transport.IsClosed = random.Next(2) == 0;
        run.Drain();
        run.End();
        Assert.True(transport.IsDisposed);
    }

    private static byte[] Sensible(Random random, int id)
    {
        var page = (ulong)random.Next(64) << 12;
        var pages = (ulong)random.Next(1, 16) << 12;
        var flags = random.Next(4) == 0 ? Message.NoReply : 0;
        return random.Next(14) switch
        {
            0 or 1 => Message.DmaMap(id, page, pages, (ulong)random.Next(8) << 12, (uint)random.Next(1, 4), flags),
            2 => Message.DmaUnmap(id, page, pages),
            3 => Message.DmaUnmap(id, 0, 0, 2),
            4 => Message.GetInfo(id),
            5 => Message.GetRegionInfo(id, (uint)random.Next(10)),
            6 => Message.GetIrqInfo(id, (uint)random.Next(6)),
            7 or 8 => SetIrqs(random, id),
            9 => Message.DeviceReset(id),
            10 or 11 => Message.RegionRead(id, random.Next(2) == 0 ? 0u : 7u, (ulong)random.Next(0x4200), (uint)random.Next(1, 4200), flags),
            12 => Message.RegionWrite(id, random.Next(2) == 0 ? 0u : 7u, (ulong)random.Next(0x4200), new byte[random.Next(1, 4100)], flags),
            _ => Message.Of(id, (ushort)random.Next(20), flags, null, 0, RandomBytes(random, random.Next(60))),
        };
    }

    private static byte[] SetIrqs(Random random, int id)
    {
        var count = (uint)random.Next(0, 5);
        uint[] actions = [0x21, 0x22, 0x24, 0x24, 0x24, 0x11, 0x0C, (uint)random.Next(64)];
        var action = actions[random.Next(actions.Length)];
        var index = random.Next(4) == 0 ? (uint)random.Next(6) : 2u;
        return Message.SetIrqs(id, action, index, (uint)random.Next(0, 6), count, new byte[(action & 2) != 0 ? count : 0]);
    }

    private static void Mutate(Random random, byte[] message)
    {
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(4) == 0 ? random.Next(16) : random.Next(message.Length);
            message[at] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
        }
    }

    // New descriptors each time: the session owns what it receives.
    private static int[] Descriptors(Random random, byte[] message, MemoryFile file)
    {
        var command = (VfioUserCommand)BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(2));
        var count = command switch
        {
            VfioUserCommand.DmaMap => random.Next(8) == 0 ? random.Next(3) : 1,
            VfioUserCommand.DeviceSetIrqs => random.Next(3) == 0 ? random.Next(20) : SetCount(message),
            _ => random.Next(10) == 0 ? random.Next(4) : 0,
        };
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(6) == 0 || command == VfioUserCommand.DmaMap ? file.Duplicate() : NewEvent())];
    }

    private static int SetCount(byte[] message) => message.Length < 36 ? 1 : BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(32)) & 7;

    private static int NewEvent() => MemoryFile.DuplicateOf(Wake.FileDescriptor);

    private static readonly EventFd Wake = new();

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>One session with a device that answers as a seed wants, and the owner's turns.</summary>
    private sealed class FuzzRun
    {
        private readonly PieceTransport _transport;
        private readonly Random _random;
        private readonly GuestMemory _memory = new();
        private readonly FuzzDevice _device;
        private readonly List<int> _tickets = [];
        private Instant _now = new(1_000_000_000);

        public FuzzRun(PieceTransport transport, Random random, uint seed)
        {
            _transport = transport;
            _random = random;
            _device = new FuzzDevice(random);
            Session = new ClientSession(
                seed, transport, SessionJournal.Create(), _device, _memory, new VfioUserCounters(), TimeSpan.FromSeconds(4), _now);
        }

        public ClientSession Session { get; }

        public void Turn()
        {
            _now += TimeSpan.FromMilliseconds(_random.Next(3));
            _memory.Now = _now;
            _device.HasRoom = _random.Next(5) > 0;
            Session.Poll(_now);
            _device.AnswerSome(Session, all: false);
            Touch();
            Assert.True(Session.NextDeadline is null || Session.NextDeadline > Instant.Zero);
        }

        public void Drain()
        {
            _device.HasRoom = true;
            for (var i = 0; i < 2000 && Session.EndReason is null; i++)
            {
                _now += TimeSpan.FromMilliseconds(1);
                _memory.Now = _now;
                var moved = Session.Poll(_now);
                moved |= _device.AnswerSome(Session, all: true);
                if (!moved && _transport.IsIdle)
                {
                    break;
                }
            }
        }

        // What the device's DMA does, at addresses that may be mapped, asked for, or neither.
        private void Touch()
        {
            var address = new HostAddress((ulong)_random.Next(0x5_0000));
            var bytes = _random.Next(1, 64);
            if (_memory.TryGetSpan(address, bytes, DmaRights.ReadWrite, out var span))
            {
                span.Fill(1);
            }
            else if (_memory.IsAsked(address, bytes, DmaRights.Read) && _memory.TryBeginRead(address, bytes, out var ticket))
            {
                _tickets.Add(ticket);
                _bytes[ticket] = bytes;
            }
            else if (Session.IsServed && _random.Next(3) == 0)
            {
                Session.TrySendWrite(0xFEE0_0000, [1, 0, 0, 0]);
            }

            _tickets.RemoveAll(t => _memory.TakeRead(t, new byte[_bytes[t]]) != AskedRead.Waiting);
        }

        private readonly int[] _bytes = new int[VfioUserLimits.AskedReadsMax];

        public List<Message> TakeMessages()
        {
            List<Message> messages = [];
            var all = _transport.Received.ToArray();
            var at = 0;
            while (all.Length - at >= 16 && BinaryPrimitives.ReadInt32LittleEndian(all.AsSpan(at + 4)) is var size && size <= all.Length - at)
            {
                messages.Add(new Message(all[at..(at + size)]));
                at += size;
            }

            _transport.Received.RemoveRange(0, at);
            return messages;
        }

        public void AnswerOurs()
        {
            foreach (var message in TakeMessages().Where(m => m.Command == 11 && (m.Flags & Message.Reply) == 0))
            {
                _transport.Send(Message.Of(message.Id, 11, Message.Reply, null, 0, message.Payload, new byte[message.U64(8)]));
            }
        }

        public void End()
        {
            Session.End("the test is over");
            _memory.Clear();
            Session.Dispose();
            Assert.False(_memory.TryGetSpan(new HostAddress(0), 1, DmaRights.Read, out _));
        }
    }

    private sealed class FuzzDevice(Random random) : IVfioUserDevice
    {
        private readonly List<Action<ClientSession>> _due = [];

        public bool HasRoom { get; set; } = true;

        public bool IsReady => true;

        public VfioUserRegion RegionOf(int index) => index switch { 0 => new(0x4000), 7 => new(4096), _ => default };

        public int InterruptsOf(int index) => index == 2 ? 8 : 0;

        public bool AnswerSome(ClientSession session, bool all)
        {
            var any = false;
            while (_due.Count > 0 && session.EndReason is null && (all || random.Next(3) > 0))
            {
                var place = random.Next(_due.Count);
                var end = _due[place];
                _due.RemoveAt(place);
                end(session);
                any = true;
            }

            return any;
        }

        public void OnConnected()
        {
        }

        public void OnDisconnected(string reason)
        {
        }

        public bool TryRead(int region, ulong offset, int bytes, ulong token)
        {
            Assert.True(offset + (ulong)bytes <= RegionOf(region).Bytes);
            if (HasRoom)
            {
                _due.Add(session => session.CompleteRead(token, new byte[bytes]));
            }

            return HasRoom;
        }

        public bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted)
        {
            Assert.True(data.Length > 0 && offset + (ulong)data.Length <= RegionOf(region).Bytes);
            if (HasRoom && !isPosted)
            {
                var isDone = random.Next(5) > 0;
                _due.Add(session => session.CompleteWrite(token, isDone));
            }

            return HasRoom;
        }

        public bool TryReset(ulong token)
        {
            if (HasRoom)
            {
                _due.Add(session => session.CompleteWrite(token, isDone: true));
            }

            return HasRoom;
        }

        public void OnInterruptEvent(int index, int vector, EventFd? wake) => wake?.Set();

        public void OnMemoryChanged()
        {
        }
    }
}
