using CsCheck;
using ExpEther.Pcie.Ports;

namespace ExpEther.Pcie.Tests.Ports;

public class TlpQueueTests
{
    [Fact]
    public void Gives_back_whatever_was_put_in_in_order_and_refuses_only_at_its_limit()
    {
        const int BytesMax = 64 << 10;
        Gen.Select(Gen.Bool, Gen.Int[12, 4116], (put, length) => (put, length)).Array[0, 300].Sample(steps =>
        {
            var queue = new TlpQueue(BytesMax);
            var model = new Queue<byte[]>();
            var into = new byte[4116];
            byte fill = 0;
            foreach (var (put, length) in steps)
            {
                if (put)
                {
                    var tlp = new byte[length];
                    Array.Fill(tlp, ++fill);
                    var used = model.Sum(t => t.Length + 4);
                    var queued = queue.TryEnqueue(tlp);
                    Assert.Equal(used + length + 4 <= BytesMax, queued);
                    if (queued)
                    {
                        model.Enqueue(tlp);
                    }
                }
                else
                {
                    var any = queue.TryPeek(into, out var peeked);
                    Assert.Equal(model.TryDequeue(out var expected), any);
                    if (any)
                    {
                        Assert.Equal(expected!.Length, peeked);
                        Assert.True(queue.TryDequeue(into, out var taken));
                        Assert.Equal(expected, into[..taken]);
                    }
                }

                Assert.Equal(model.Count, queue.Count);
            }
        });
    }
}
