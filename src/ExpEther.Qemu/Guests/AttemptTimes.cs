using ExpEther.Core.Time;

namespace ExpEther.Qemu.Guests;

/// <summary>When QEMU is asked again for what it refused: after <see cref="QemuLimits.RetryMin"/>, then later each time, up to the maximum.</summary>
internal sealed class AttemptTimes
{
    private TimeSpan _retry = QemuLimits.RetryMin;

    /// <summary>No device is added before this.</summary>
    public Instant Add { get; private set; } = Instant.Zero;

    /// <summary>No device is deleted before this.</summary>
    public Instant Delete { get; private set; } = Instant.Zero;

    /// <summary>When a look at what is not as it should be is due next.</summary>
    public Instant Next(bool hasDevice, Instant now) => (hasDevice ? Delete : Add) is var at && at > now ? at : now + _retry;

    public void AddRefused(Instant now) => Add = Later(now);

    public void DeleteRefused(Instant now) => Delete = Later(now);

    /// <summary>What is asked for takes the guest's time, which is not shortened by asking often.</summary>
    public void SlowDown() => _retry = QemuLimits.RetryMax;

    public void ForgetAdd() => (_retry, Add) = (QemuLimits.RetryMin, Instant.Zero);

    public void ForgetDelete() => (_retry, Delete) = (QemuLimits.RetryMin, Instant.Zero);

    public void Settle() => _retry = QemuLimits.RetryMin;

    private Instant Later(Instant now)
    {
        var at = now + _retry;
        _retry = _retry * 2 < QemuLimits.RetryMax ? _retry * 2 : QemuLimits.RetryMax;
        return at;
    }
}
