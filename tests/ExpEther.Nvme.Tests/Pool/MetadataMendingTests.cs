using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Tests.Pool;

public class MetadataMendingTests
{
    private readonly MetadataMending _mending = new();

    [Fact]
    public void Each_attempt_that_fails_doubles_what_has_to_succeed_before_the_next_and_success_begins_again()
    {
        foreach (var expected in (int[])[PoolLimits.MendAfterMin, PoolLimits.MendAfterMin * 2, PoolLimits.MendAfterMin * 4])
        {
            _mending.OnFailed();
            Assert.Equal(expected, RequestsUntilDue());
        }

        Assert.True(_mending.OnWritten());
        _mending.OnFailed();
        Assert.Equal(PoolLimits.MendAfterMin, RequestsUntilDue());
    }

    [Fact]
    public void Requests_that_fail_and_a_pool_that_is_well_bring_no_attempt_nearer()
    {
        Succeed(100);
        Assert.False(_mending.TryTake());
        _mending.OnFailed();
        for (var i = 0; i < 100; i++)
        {
            _mending.OnRequest(5);
        }

        Assert.False(_mending.TryTake());
        Assert.Equal(PoolLimits.MendAfterMin, RequestsUntilDue());
    }

    private int RequestsUntilDue()
    {
        var requests = 0;
        while (!_mending.TryTake())
        {
            Assert.True(++requests < 10_000);
            _mending.OnRequest(0);
        }

        return requests;
    }

    private void Succeed(int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            _mending.OnRequest(0);
        }
    }
}
