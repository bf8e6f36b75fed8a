using System.Buffers.Binary;
using System.Net;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Loop;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Tests.Loop;

public class OwnerLoopTests
{
    [Fact]
    public void A_turn_that_moves_frames_allocates_nothing()
    {
        using var bench = new Bench();
        bench.Sender.ToSend = int.MaxValue;
        for (var i = 0; i < 2000; i++)
        {
            bench.Turn();
        }

        var received = bench.Receiver.Received;
        var allocated = Allocations.FewestOf(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                bench.Turn();
            }
        });

        Assert.True(bench.Receiver.Received - received > 1000);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_part_gets_the_frames_for_its_address_and_for_groups_only()
    {
        using var bench = new Bench();
        bench.Sender.ToSend = 1;
        bench.TurnUntil(() => bench.Receiver.Received == 1);
        bench.Sender.Destination = new MacAddress(0x02_0000_0000_77);
        bench.Sender.ToSend = 1;
        bench.TurnUntil(() => bench.Sender.ToSend == 0);
        bench.Sender.Destination = MacAddress.Broadcast;
        bench.Sender.ToSend = 1;

        bench.TurnUntil(() => bench.Receiver.Received == 2);

        Assert.Equal(1, bench.Bystander.Received);
    }

    [Fact]
    public void The_last_frames_leave_when_the_loop_is_stopped()
    {
        using var bench = new Bench();
        bench.Sender.SendsAtClose = 3;
        bench.SenderStop.Request();

        bench.SenderLoop.Run();
        bench.TurnReceiverUntil(() => bench.Receiver.Received == 3);

        Assert.Equal(3, bench.Receiver.Received);
    }

    [Fact]
    public void A_part_that_retires_has_its_last_frames_sent_and_is_asked_no_more()
    {
        using var bench = new Bench();
        bench.Sender.SendsAtClose = 1;

        bench.SenderLoop.Retire(bench.Sender, MonotonicClock.Now);
        bench.TurnUntil(() => bench.Receiver.Received == 1);
        bench.Turn();
        bench.Sender.ToSend = 5;
        bench.Turn();
        Assert.Equal(5, bench.Sender.ToSend);
        bench.SenderLoop.Add(bench.Sender);
        bench.TurnUntil(() => bench.Receiver.Received == 6);

        Assert.Equal(0, bench.Sender.ToSend);
    }

    [Theory]
    [InlineData(nameof(IOwnedPart.Poll))]
    [InlineData(nameof(IOwnedPart.OnFrame))]
    [InlineData(nameof(IOwnedPart.TryTakeFrame))]
    public void A_part_that_throws_is_fenced_and_the_others_go_on(string where)
    {
        using var bench = new Bench();
        bench.Bystander.ThrowsIn = where;
        bench.Sender.Destination = MacAddress.Broadcast;
        bench.Sender.ToSend = 1;
        bench.TurnUntil(() => bench.Bystander.Fenced is not null);
        bench.Sender.Destination = bench.Receiver.Mac;
        bench.Sender.ToSend = 5;

        bench.TurnUntil(() => bench.Receiver.Received >= 6);

        Assert.Contains("a planted bug", bench.Bystander.Fenced!.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Bystander.CallsAfterwards);
    }

    [Fact]
    public void A_part_whose_sequence_throws_is_fenced_and_the_others_go_on()
    {
        using var bench = new Bench();
        bench.GiveScope(bench.Bystander);
        bench.Bystander.StartsInPoll = async scheduler =>
        {
            await scheduler.Delay(TimeSpan.FromMilliseconds(1));
            throw new InvalidOperationException("a planted bug");
        };
        bench.TurnUntil(() => bench.Bystander.Fenced is not null);
        bench.Sender.ToSend = 5;

        bench.TurnUntil(() => bench.Receiver.Received >= 5);

        Assert.Contains("a planted bug", bench.Bystander.Fenced!.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Bystander.CallsAfterwards);
    }

    [Fact]
    public void A_part_that_cannot_be_done_without_ends_the_loop()
    {
        using var bench = new Bench();
        bench.Bystander.ThrowsIn = nameof(IOwnedPart.Poll);
        bench.Bystander.IsNeeded = true;

        Assert.Throws<InvalidOperationException>(() => bench.TurnUntil(() => false));
    }

    [Fact]
    public void An_idle_loop_sleeps_until_its_deadline()
    {
        using var bench = new Bench();
        var end = MonotonicClock.Now + TimeSpan.FromMilliseconds(300);
        bench.Sender.Deadline = end;
        bench.Sender.AtDeadline = bench.SenderStop.Request;

        bench.SenderLoop.Run();

        Assert.True(MonotonicClock.Now >= end);
        Assert.True(bench.SenderLoop.Sleeps > 0);
        Assert.True(bench.SenderLoop.Turns < 100_000, $"{bench.SenderLoop.Turns} turns: it did not sleep");
    }

    /// <summary>Two loops on UDP over loopback: one sends, one receives for two parts.</summary>
    private sealed class Bench : IDisposable
    {
        private readonly Scratch _scratch = new();
        private readonly List<IDisposable> _owned = [];
        private readonly OwnerScheduler _receiverScheduler = new();

        public Bench()
        {
            var port = Own(new UdpPort(new IPEndPoint(IPAddress.Loopback, 0)));
            ReceiverLoop = Loop("receiver", port, [Receiver, Bystander], Own(new StopSignal()));
            SenderLoop = Loop("sender", Own(new UdpPort(new IPEndPoint(IPAddress.Loopback, 0), [port.Local])), [Sender], SenderStop);
        }

        public StopSignal SenderStop { get; } = new();

        public FramePart Sender { get; } = new(new MacAddress(0x02_0000_0000_01)) { Destination = new MacAddress(0x02_0000_0000_02) };

        public FramePart Receiver { get; } = new(new MacAddress(0x02_0000_0000_02));

        public FramePart Bystander { get; } = new(new MacAddress(0x02_0000_0000_03));

        public OwnerLoop SenderLoop { get; }

        private OwnerLoop ReceiverLoop { get; }

        /// <summary>As a daemon gives each of its hosts one.</summary>
        public void GiveScope(FramePart part) =>
            (part.Scheduler, part.Scope) = (_receiverScheduler, new SequenceScope(_receiverScheduler, e => ReceiverLoop.OnSequenceFailed(part, e)));

        public void Turn()
        {
            SenderLoop.Turn(MonotonicClock.Now);
            ReceiverLoop.Turn(MonotonicClock.Now);
        }

        public void TurnUntil(Func<bool> condition)
        {
            while (!condition())
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                Turn();
            }
        }

        public void TurnReceiverUntil(Func<bool> condition)
        {
            while (!condition())
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                ReceiverLoop.Turn(MonotonicClock.Now);
            }
        }

        public void Dispose()
        {
            _owned.ForEach(o => o.Dispose());
            SenderStop.Dispose();
            _scratch.Dispose();
        }

        private OwnerLoop Loop(string name, UdpPort port, IReadOnlyList<IOwnedPart> parts, StopSignal stop)
        {
            var scheduler = name == "receiver" ? _receiverScheduler : new OwnerScheduler();
            var control = Own(new ControlServer(_scratch.File($"{name}.sock"), new CommandTable(), scheduler));
            var stages = new StageClock(new SystemClock());
            var page = Own(new CounterPage(_scratch.File($"{name}.counters"), new Events()));
            return new OwnerLoop(port, scheduler, parts, control, stop, new Events())
            {
                Stages = stages, Publisher = new CounterPublisher(new LoopSource(stages), page),
            };
        }

        private T Own<T>(T thing)
            where T : IDisposable
        {
            _owned.Add(thing);
            return thing;
        }
    }

    private sealed class LoopSource(StageClock stages) : ICounterSource
    {
        public void AddShape(CounterShape shape) => shape.Add(stages);

        public void AddCounters(CounterTree tree) => CommonEntries.AddLoop(tree, stages, () => 0);
    }

    /// <summary>Sends frames when told to, counts those that come.</summary>
    private sealed class FramePart(MacAddress mac) : IOwnedPart
    {
        private bool _hasSent;

        public MacAddress Mac => mac;

        public MacAddress Destination { get; set; }

        public int ToSend { get; set; }

        public int SendsAtClose { get; set; }

        public int Received { get; private set; }

        public Instant? Deadline { get; set; }

        public Action? AtDeadline { get; set; }

        /// <summary>The call in which a bug shows.</summary>
        public string? ThrowsIn { get; set; }

        public bool IsNeeded { get; set; }

        public SequenceScope? Scope { get; set; }

        /// <summary>Started once, by the next poll.</summary>
        public Func<OwnerScheduler, Task>? StartsInPoll { get; set; }

        public OwnerScheduler? Scheduler { get; set; }

        public Exception? Fenced { get; private set; }

        public int CallsAfterwards { get; private set; }

        public Instant? NextDeadline => Deadline;

        public bool TryFence(Exception e)
        {
            Fenced = e;
            return !IsNeeded;
        }

        public FrameTrust OnFrame(in ReceivedFrame frame, Instant now)
        {
            Call(nameof(OnFrame));
            Received++;
            return FrameTrust.None;
        }

        public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
        {
            written = 0;
            Call(nameof(TryTakeFrame));
            if (ToSend == 0 || _hasSent)
            {
                return _hasSent = false;
            }

            // One frame per turn: it keeps the loop busy and cannot overrun the socket's buffer.
            _hasSent = true;
            ToSend--;
            Destination.Write(into);
            mac.Write(into[6..]);
            BinaryPrimitives.WriteUInt16BigEndian(into[12..], 0x8100);
            BinaryPrimitives.WriteUInt16BigEndian(into[14..], 101);
            BinaryPrimitives.WriteUInt16BigEndian(into[16..], 0x88B5);
            into.Slice(18, 46).Clear();
            written = 64;
            return true;
        }

        public bool Poll(Instant now)
        {
            Call(nameof(Poll));
            if (StartsInPoll is not null)
            {
                StartSequence(StartsInPoll);
                StartsInPoll = null;
            }

            if (Deadline is not { } deadline || now < deadline)
            {
                return false;
            }

            AtDeadline?.Invoke();
            return true;
        }

        public void Close(Instant now) => ToSend = SendsAtClose;

        private void StartSequence(Func<OwnerScheduler, Task> sequence) => Scheduler!.Start(() => sequence(Scheduler));

        private void Call(string what)
        {
            CallsAfterwards += Fenced is null ? 0 : 1;
            if (ThrowsIn == what)
            {
                throw new InvalidOperationException("a planted bug");
            }
        }
    }
}
