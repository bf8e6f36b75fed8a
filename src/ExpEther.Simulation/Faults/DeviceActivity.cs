namespace ExpEther.Simulation.Faults;

/// <summary>
/// Commands under way at a box's shared device: what one of them did to others' namespaces is known only if no other was under way meanwhile.
/// </summary>
internal sealed class DeviceActivity
{
    private const long NeverAlone = -1;
    private int _running;
    private long _begun;

    public bool IsQuiet => _running == 0;

    /// <returns>A mark for <see cref="End"/>.</returns>
    public long Begin()
    {
        _begun++;
        return _running++ == 0 ? _begun : NeverAlone;
    }

    /// <returns>True: it was alone all the time.</returns>
    public bool End(long mark)
    {
        _running--;
        return mark == _begun;
    }

    public void OnCrash() => _running = 0;
}
