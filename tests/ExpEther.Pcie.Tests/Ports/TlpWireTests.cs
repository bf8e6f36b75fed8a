using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class TlpWireTests
{
    [Fact]
    public void Moves_both_ways_in_order_within_the_budget()
    {
        var (upper, lower) = (new ScriptedPort(), new ScriptedPort());
        upper.Send(1, 2, 3);
        lower.Send(11, 12);
        var wire = new TlpWire(upper, lower);

        Assert.True(wire.Pump(Instant.Zero, 2));
        Assert.Equal([1, 2], lower.Received);
        Assert.Equal([11, 12], upper.Received);
        Assert.True(wire.Pump(Instant.Zero, 2));
        Assert.Equal([1, 2, 3], lower.Received);
        Assert.False(wire.Pump(Instant.Zero, 2));
        Assert.Equal((3L, 2L), (wire.DownCount, wire.UpCount));
    }

    [Fact]
    public void Refused_TLP_waits_in_hand_and_holds_up_only_its_own_direction()
    {
        var (upper, lower) = (new ScriptedPort(), new ScriptedPort { Refuses = true });
        upper.Send(1, 2);
        lower.Send(11, 12);
        var wire = new TlpWire(upper, lower);

        Assert.True(wire.Pump(Instant.Zero, 10));
        Assert.Empty(lower.Received);
        Assert.Equal([11, 12], upper.Received);
        Assert.Equal(1, upper.Waiting);
        Assert.False(wire.Pump(Instant.Zero, 10));
        Assert.Equal(1, upper.Waiting);

        lower.Refuses = false;
        Assert.True(wire.Pump(Instant.Zero, 10));
        Assert.Equal([1, 2], lower.Received);
    }

    [Fact]
    public void Cleared_wire_forgets_what_it_held()
    {
        var (upper, lower) = (new ScriptedPort(), new ScriptedPort { Refuses = true });
        upper.Send(1, 2);
        var wire = new TlpWire(upper, lower);
        wire.Pump(Instant.Zero, 10);
        wire.Clear();
        lower.Refuses = false;
        wire.Pump(Instant.Zero, 10);
        Assert.Equal([2], lower.Received);
    }

    private sealed class ScriptedPort : ITlpPort
    {
        private readonly Queue<ushort> _toSend = new();

        public bool Refuses { get; set; }

        public List<int> Received { get; } = [];

        public int Waiting => _toSend.Count;

        public void Send(params ushort[] tags)
        {
            foreach (var tag in tags)
            {
                _toSend.Enqueue(tag);
            }
        }

        public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
        {
            if (Refuses)
            {
                return false;
            }

            Assert.Equal(TlpError.None, TlpView.TryParse(tlp, out var view));
            Received.Add(view.Tag.Value);
            return true;
        }

        public bool TryTake(Instant now, Span<byte> into, out int length)
        {
            length = 0;
            if (!_toSend.TryDequeue(out var tag))
            {
                return false;
            }

            length = new MemoryRead(new Rid(1, 0, 0), new Tag(tag), 0x1000, 4).Write(into);
            return true;
        }
    }
}
