using ExpEther.Backends.Queues;

namespace ExpEther.Backends.Tests.Queues;

public class SpscRingTests
{
    [Fact]
    public void It_holds_its_capacity_and_gives_back_in_order()
    {
        var ring = new SpscRing<int>(4);
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.True(ring.TryEnqueue(i));
            }

            Assert.False(ring.TryEnqueue(99));
            for (var i = 0; i < 4; i++)
            {
                Assert.True(ring.TryDequeue(out var item));
                Assert.Equal(i, item);
            }

            Assert.False(ring.TryDequeue(out _));
            Assert.True(ring.IsEmpty);
        }
    }

    [Fact]
    public void Two_threads_lose_and_double_nothing()
    {
        const int Items = 200_000;
        var ring = new SpscRing<(int Value, int Twice)>(64);
        var producer = new Thread(() =>
        {
            for (var i = 0; i < Items;)
            {
                if (ring.TryEnqueue((i, 2 * i)))
                {
                    i++;
                }
                else
                {
                    Thread.Yield();
                }
            }
        });
        producer.Start();
        for (var expected = 0; expected < Items;)
        {
            if (ring.TryDequeue(out var item))
            {
                Assert.Equal((expected, 2 * expected), item);
                expected++;
            }
            else
            {
                Thread.Yield();
            }
        }

        producer.Join();
    }
}
