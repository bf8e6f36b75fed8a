using ExpEther.Bridge.Hosts.Resuming;
using ExpEther.Core.Time;

namespace ExpEther.Bridge.Tests.Hosts.Resuming;

public class SlotHoldTests
{
    /// <summary>With the epoch they ended for the host, and their tags may belong to other requests by now.</summary>
    [Fact]
    public void Requests_that_waited_when_the_box_was_lost_once_more_are_not_sent_later()
    {
        var hold = new SlotHold();
        hold.Begin(Instant.Never);
        Assert.True(hold.TryKeep(new byte[16]));

        hold.Begin(Instant.Never);

        Assert.False(hold.TryTakeWaiting(out _));
    }
}
