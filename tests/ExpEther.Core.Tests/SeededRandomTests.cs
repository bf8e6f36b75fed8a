namespace ExpEther.Core.Tests;

public class SeededRandomTests
{
    [Fact]
    public void Same_seed_gives_the_published_SplitMix64_sequence()
    {
        var random = new SeededRandom(1234567);
        Assert.Equal(
            new ulong[] { 6457827717110365317, 3203168211198807973, 9817491932198370423 },
            new[] { random.NextUInt64(), random.NextUInt64(), random.NextUInt64() });
    }

    [Fact]
    public void Fill_covers_every_byte_of_any_length()
    {
        for (var length = 0; length < 40; length++)
        {
            var random = new SeededRandom(7);
            var touched = new bool[length];
            for (var round = 0; round < 8; round++)
            {
                var bytes = new byte[length];
                random.Fill(bytes);
                for (var i = 0; i < length; i++)
                {
                    touched[i] |= bytes[i] != 0;
                }
            }

            Assert.DoesNotContain(false, touched);
        }
    }

    [Fact]
    public void Next_stays_below_and_chance_keeps_its_ends()
    {
        var random = new SeededRandom(1);
        var seen = new HashSet<int>();
        for (var i = 0; i < 1_000; i++)
        {
            seen.Add(random.Next(7));
            Assert.False(random.Chance(0));
            Assert.True(random.Chance(1));
        }

        Assert.Equal(Enumerable.Range(0, 7), seen.Order());
        Assert.Throws<InvariantException>(() => random.Next(0));
    }
}
