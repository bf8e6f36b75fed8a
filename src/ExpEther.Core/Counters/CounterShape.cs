namespace ExpEther.Core.Counters;

/// <summary>
/// Tells whether the things that count are still the same ones: links come, functions are plugged, devices are added. They are named one
/// after the other, as references, and compared with those of last time; when nothing changed this allocates nothing.
/// </summary>
public sealed class CounterShape
{
    private readonly List<object?> _things = [];
    private int _count;
    private bool _hasChanged;

    public void Begin() => (_count, _hasChanged) = (0, false);

    /// <param name="thing">Compared by reference: a new string of the same letters is a change too, and only costs a new layout.</param>
    public void Add(object? thing)
    {
        if (_count == _things.Count)
        {
            _things.Add(thing);
            _hasChanged = true;
        }
        else if (!ReferenceEquals(_things[_count], thing))
        {
            _things[_count] = thing;
            _hasChanged = true;
        }

        _count++;
    }

    /// <returns>True when anything differs from last time.</returns>
    public bool End()
    {
        if (_count < _things.Count)
        {
            _things.RemoveRange(_count, _things.Count - _count);
            _hasChanged = true;
        }

        return _hasChanged;
    }
}
