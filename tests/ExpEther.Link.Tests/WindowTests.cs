using ExpEther.Link.Windows;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>The edges of what may be acknowledged and of what may come in.</summary>
public class WindowTests
{
    [Fact]
    public void What_was_queued_and_never_sent_cannot_be_acknowledged()
    {
        var window = new SendWindow();
        window.Reset(LinkLimits.ReceiveRecordsMax);
        for (var i = 0; i < 3; i++)
        {
            window.Append(100);
        }

        // A frame with room for one of the three.
        Assert.Equal(1, window.Fill(new byte[150], 1, 0, LinkLimits.WindowBytes).Count);

        Assert.Equal(-1, window.OnAcknowledged(2, default));
        Assert.Equal(-1, window.OnAcknowledged(3, default));
        Assert.Equal(-1, window.OnAcknowledged(0, new SelectiveAck(new SackRange(1, 1))));
        Assert.Equal(-1, window.OnAcknowledged(0, new SelectiveAck(new SackRange(0, 2))));
        Assert.Equal((0UL, 1UL, 3), (window.Oldest, window.Next, window.Records));
        Assert.Equal(100, window.OnAcknowledged(1, default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void The_receive_window_ends_where_a_record_would_take_anothers_place(int delivered)
    {
        const ulong size = LinkLimits.ReceiveRecordsMax;
        var window = new ReceiveWindow(1500);
        for (var i = 0; i < delivered; i++)
        {
            window.Advance();
        }

        var next = window.Next;
        Assert.True(window.IsInWindow(next + size - 1, 1));
        Assert.False(window.IsInWindow(next + size, 1));
        Assert.True(window.IsInWindow(next + 1, (int)size - 1));
        Assert.False(window.IsInWindow(next + 1, (int)size));
        Assert.True(window.IsInWindow(next, (int)size));
        Assert.False(window.IsInWindow(next, (int)size + 1));
    }
}
