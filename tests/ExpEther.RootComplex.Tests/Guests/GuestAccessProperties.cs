using CsCheck;
using ExpEther.Pcie.Config;

namespace ExpEther.RootComplex.Tests.Guests;

/// <summary>Whatever a guest reads and writes, in whatever pieces the function answers, it sees a plain array of bytes.</summary>
public class GuestAccessProperties
{
    private static readonly Gen<int> Length = Gen.OneOf(Gen.Int[0, 8], Gen.Int[1, 64], Gen.Int[1, 6000]);

    [Fact]
    public void Memory_is_an_array_of_bytes() =>
        Gen.Select(Gen.Bool, Gen.Int[0, ScriptedFunction.BarBytes - 1], Length, Gen.Int).Array[1, 24].Sample(accesses =>
        {
            var rig = new ScriptedFunction();
            rig.PlaceBar();
            var model = new byte[ScriptedFunction.BarBytes];
            var expected = new Dictionary<ulong, byte[]>();
            var token = 0UL;
            foreach (var (isWrite, offset, wanted, seed) in accesses)
            {
                var random = new Random(seed);
                var bytes = Math.Min(wanted, ScriptedFunction.BarBytes - offset);
                if (isWrite)
                {
                    // Posted writes may pass reads that wait; a processor waits for what it read before it writes.
                    Drain(rig, random);
                    random.NextBytes(model.AsSpan(offset, bytes));
                    Assert.True(rig.Slot.TryWriteMemory(0, (ulong)offset, model.AsSpan(offset, bytes)));
                }
                else
                {
                    Assert.True(rig.Slot.TryReadMemory(0, (ulong)offset, bytes, ++token));
                    expected[token] = model.AsSpan(offset, bytes).ToArray();
                }

                Work(rig, random, random.Next(8));
            }

            Drain(rig, new Random(1));
            Assert.Equal(expected, rig.Log.Reads);
            Assert.Equal(model, rig.Bar);
            Assert.Equal(0, rig.Counters.TlpsMalformed + rig.Counters.CompletionsUnexpected + rig.Counters.CompletionsLate);
        }, iter: 300);

    [Fact]
    public void Configuration_space_is_an_array_of_bytes() =>
        Gen.Select(Gen.Bool, Gen.Int[0, ConfigLimits.SpaceBytes - 1], Length, Gen.Int).Array[1, 12].Sample(accesses =>
        {
            var rig = new ScriptedFunction();
            var model = rig.Config.ToArray();
            var expected = new Dictionary<ulong, byte[]>();
            var token = 0UL;
            foreach (var (isWrite, offset, wanted, seed) in accesses)
            {
                var random = new Random(seed);
                var bytes = Math.Min(wanted, ConfigLimits.SpaceBytes - offset);
                if (isWrite)
                {
                    random.NextBytes(model.AsSpan(offset, bytes));
                    Assert.True(rig.Slot.TryWriteConfig(offset, model.AsSpan(offset, bytes), ++token));
                }
                else
                {
                    Assert.True(rig.Slot.TryReadConfig(offset, bytes, ++token));
                    expected[token] = model.AsSpan(offset, bytes).ToArray();
                }

                Work(rig, random, random.Next(80));
            }

            Drain(rig, new Random(1));
            Assert.Equal(expected, rig.Log.Reads);
            Assert.Equal(model, rig.Config);
            Assert.All(rig.Log.Writes.Values, Assert.True);
        }, iter: 200);

    private static void Work(ScriptedFunction rig, Random random, int steps)
    {
        for (; steps > 0; steps--)
        {
            switch (random.Next(3))
            {
                case 0:
                    rig.TakeOne();
                    break;
                case 1 when rig.Requests.Count > 0:
                    rig.Answer(random.Next(rig.Requests.Count), random.Next);
                    break;
                default:
                    rig.Slot.Poll(rig.Now);
                    break;
            }
        }
    }

    private static void Drain(ScriptedFunction rig, Random random)
    {
        bool busy;
        do
        {
            rig.TakeAll();
            busy = rig.Requests.Count > 0;
            if (busy)
            {
                rig.Answer(random.Next(rig.Requests.Count), random.Next);
            }

            busy |= rig.Slot.Poll(rig.Now);
        }
        while (busy);
    }
}
