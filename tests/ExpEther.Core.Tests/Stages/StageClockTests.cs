using CsCheck;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;

namespace ExpEther.Core.Tests.Stages;

public class StageClockTests
{
    /// <summary>Time moves only where the test moves it, so every sum is exact.</summary>
    [Fact]
    public void Busy_idle_and_asleep_are_all_the_time_and_the_stages_are_all_of_the_sampled_slices() =>
        Gen.ULong.Sample(seed => Run(seed), iter: 50);

    [Fact]
    public void One_slice_of_sixty_four_is_sampled_on_the_average()
    {
        const int Slices = 64_000;
        var clock = new CountedClock();
        var stages = new StageClock(clock);
        for (var i = 0; i < Slices; i++)
        {
            stages.BeginTurn(clock.Time);
            stages.EndTurn(wasBusy: true);
        }

        Assert.InRange(stages.SlicesSampled, Slices / 64 * 9 / 10, Slices / 64 * 11 / 10);
    }

    [Fact]
    public void Changes_of_stage_read_no_clock_outside_of_samples()
    {
        var clock = new CountedClock();
        var stages = new StageClock(clock);
        for (var i = 0; i < 10_000; i++)
        {
            stages.BeginTurn(clock.Time);
            var before = clock.Reads;
            stages.Leave(stages.Enter(Stage.Wire));
            stages.EndTurn(wasBusy: true);
            Assert.Contains(clock.Reads - before, new[] { 0, 3 });
        }

        // Four per sample: its beginning, two changes, its end.
        Assert.Equal(stages.SlicesSampled * 4, clock.Reads);
    }

    [Fact]
    public void Without_a_clock_turns_are_still_told_apart()
    {
        var stages = new StageClock(null);
        for (var i = 0; i < 1000; i++)
        {
            stages.BeginTurn(new Instant(i * 10));
            stages.Leave(stages.Enter(Stage.Link));
            stages.EndTurn(wasBusy: i % 2 == 0);
        }

        Assert.Equal((5000, 4990, 0), (stages.BusyNanoseconds, stages.IdleNanoseconds, stages.SlicesSampled));
    }

    private static void Run(ulong seed)
    {
        var random = new SeededRandom(seed);
        var clock = new CountedClock();
        var model = new Model(clock, random);
        for (var turn = 0; turn < 500; turn++)
        {
            model.Turn();
        }

        model.Stages.BeginTurn(clock.Time);
        Assert.Equal(clock.Time.Nanoseconds, model.Stages.BusyNanoseconds + model.Stages.IdleNanoseconds + model.Stages.AsleepNanoseconds);
        Assert.Equal(model.Busy, model.Stages.BusyNanoseconds);
        Assert.Equal(model.Asleep, model.Stages.AsleepNanoseconds);
        foreach (var stage in Enum.GetValues<Stage>())
        {
            Assert.Equal(model.Expected[(int)stage], model.Stages.SampledNanoseconds(stage));
        }
    }

    /// <summary>Makes random turns, and knows how much time passed in which stage: a slice that reads the clock as it begins is a sampled one.</summary>
    private sealed class Model(CountedClock clock, SeededRandom random)
    {
        private readonly long[] _inTurn = new long[StageClock.StageCount];
        private bool _isSampled;

        public StageClock Stages { get; } = new(clock);

        public long[] Expected { get; } = new long[StageClock.StageCount];

        public long Busy { get; private set; }

        public long Asleep { get; private set; }

        public void Turn()
        {
            var began = clock.Time;
            Slice(() => Stages.BeginTurn(clock.Time), endsNothing: true);
            Nest(Stage.Control, depth: 0);
            var isBusy = random.Chance(0.7);
            Stages.EndTurn(isBusy);
            for (var i = 0; i < _inTurn.Length; i++)
            {
                Expected[i] += isBusy ? _inTurn[i] : 0;
                _inTurn[i] = 0;
            }

            clock.Advance(random.Next(10));
            if (random.Chance(0.2))
            {
                Busy += isBusy ? clock.Time.Nanoseconds - began.Nanoseconds : 0;
                Stages.FallAsleep(clock.Time);
                var slept = random.Next(1000);
                Asleep += slept;
                clock.Advance(slept);
                Stages.WakeUp(clock.Time);
            }
            else
            {
                Busy += isBusy ? clock.Time.Nanoseconds - began.Nanoseconds : 0;
            }
        }

        private void Nest(Stage stage, int depth)
        {
            Pass(stage);
            for (var i = random.Next(4); i > 0 && depth < 4; i--)
            {
                var inner = (Stage)random.Next(StageClock.StageCount);
                var outer = Stages.Enter(inner);
                Assert.Equal(stage, outer);
                Nest(inner, depth + 1);
                Stages.Leave(outer);
                Pass(stage);
                Slice(Stages.NextSlice, endsNothing: !_isSampled);
                Pass(stage);
            }
        }

        private void Slice(Action begin, bool endsNothing)
        {
            var before = clock.Reads;
            begin();
            _isSampled = clock.Reads - before > (endsNothing ? 0 : 1);
        }

        private void Pass(Stage stage)
        {
            var time = random.Next(100);
            clock.Advance(time);
            _inTurn[(int)stage] += _isSampled ? time : 0;
        }
    }

    private sealed class CountedClock : IClock
    {
        public Instant Time { get; private set; }

        public int Reads { get; private set; }

        public Instant Now
        {
            get
            {
                Reads++;
                return Time;
            }
        }

        public void Advance(long nanoseconds) => Time = new Instant(Time.Nanoseconds + nanoseconds);
    }
}
