using System.Runtime.CompilerServices;
using ExpEther.Core.Time;

namespace ExpEther.Core.Stages;

/// <summary>
/// Where an owner loop's time goes.
/// <para>
/// Theory: how long the loop was busy, idle (turns that found nothing to do) and asleep is known exactly and for nothing, since the loop
/// reads its clock at every turn anyway. What it was busy with is sampled: a turn is cut into slices (a frame that comes in, a frame that goes
/// out, a look at a bridge), and one slice of <see cref="SlicesPerSample"/>, chosen at pseudo-random distances so that no rhythm of the traffic
/// can hide from it, is timed at every change of stage. In all others a change of stage is a store and a branch that is not taken. Stages
/// nest as calls do (a frame is received, and in the same call chain the link opens it, the bridge swaps it, the device takes it): time
/// belongs to the innermost. What was sampled in a turn that found nothing to do is forgotten: idle is known already.
/// </para>
/// Owned by one thread.
/// </summary>
/// <param name="clock">Read at changes of stage in sampled slices; null: none is sampled.</param>
public sealed class StageClock(IClock? clock)
{
    /// <summary>On the average.</summary>
    public const int SlicesPerSample = 64;

    public const int StageCount = (int)Stage.Control + 1;

    private readonly SeededRandom _random = new(SlicesPerSample);
    private readonly long[] _sampled = new long[StageCount];
    private readonly long[] _turn = new long[StageCount];
    private bool _isTiming;
    private Stage _stage = Stage.Control;
    private long _stageSince;
    private int _slicesToSample = 1;
    private int _sampledInTurn;
    private bool _hasBegun;
    private bool _wasBusy;
    private long _chargedTo;

    public long Turns { get; private set; }

    /// <summary>Of turns that did something, to the beginning of the turn that runs now. With the two below: all the time since the first turn.</summary>
    public long BusyNanoseconds { get; private set; }

    /// <summary>Of turns that found nothing to do, and between them and the next.</summary>
    public long IdleNanoseconds { get; private set; }

    public long AsleepNanoseconds { get; private set; }

    /// <summary>Of turns that did something.</summary>
    public long SlicesSampled { get; private set; }

    /// <summary>What was measured in the sampled slices.</summary>
    public long SampledNanoseconds(Stage stage) => _sampled[(int)stage];

    /// <summary>What was measured, scaled up to all slices: an estimate, whose sum over the stages is near <see cref="BusyNanoseconds"/>.</summary>
    public long Nanoseconds(Stage stage) => _sampled[(int)stage] * SlicesPerSample;

    /// <summary>A turn begins, in <see cref="Stage.Control"/>, with its first slice.</summary>
    public void BeginTurn(Instant now)
    {
        Turns++;
        ChargeTo(now);
        NextSlice();
    }

    /// <summary>The turn that began is over; the time up to the next one is as this one was.</summary>
    public void EndTurn(bool wasBusy)
    {
        Check.That(_stage == Stage.Control);
        _wasBusy = wasBusy;
        if (_isTiming)
        {
            EndSample();
        }

        if (_sampledInTurn > 0)
        {
            CountSamples(wasBusy);
        }
    }

    /// <summary>A slice ends and the next one begins, in whatever stage the loop is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void NextSlice()
    {
        if (_isTiming)
        {
            EndSample();
        }

        if (--_slicesToSample == 0)
        {
            BeginSample();
        }
    }

    public void FallAsleep(Instant now) => ChargeTo(now);

    public void WakeUp(Instant now)
    {
        AsleepNanoseconds += now.Nanoseconds - _chargedTo;
        _chargedTo = now.Nanoseconds;
    }

    /// <summary>What follows belongs to a stage, until <see cref="Leave"/> or another stage within.</summary>
    /// <returns>For <see cref="Leave"/>: the stage that was left for it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Stage Enter(Stage stage)
    {
        var outer = _stage;
        _stage = stage;
        if (_isTiming)
        {
            Charge(outer);
        }

        return outer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(Stage outer) => _ = Enter(outer);

    private void ChargeTo(Instant now)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
        }
        else if (_wasBusy)
        {
            BusyNanoseconds += now.Nanoseconds - _chargedTo;
        }
        else
        {
            IdleNanoseconds += now.Nanoseconds - _chargedTo;
        }

        _chargedTo = now.Nanoseconds;
        _wasBusy = false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Charge(Stage stage)
    {
        var now = clock!.Now.Nanoseconds;
        _turn[(int)stage] += now - _stageSince;
        _stageSince = now;
    }

    private void BeginSample()
    {
        // Uniform from 1 to twice the average less 1.
        _slicesToSample = 1 + _random.Next((SlicesPerSample * 2) - 1);
        if (clock is not null)
        {
            _stageSince = clock.Now.Nanoseconds;
            _isTiming = true;
        }
    }

    private void EndSample()
    {
        Charge(_stage);
        _isTiming = false;
        _sampledInTurn++;
    }

    private void CountSamples(bool wasBusy)
    {
        for (var i = 0; i < StageCount; i++)
        {
            _sampled[i] += wasBusy ? _turn[i] : 0;
            _turn[i] = 0;
        }

        SlicesSampled += wasBusy ? _sampledInTurn : 0;
        _sampledInTurn = 0;
    }
}
