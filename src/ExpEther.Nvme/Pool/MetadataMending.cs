namespace ExpEther.Nvme.Pool;

/// <summary>
/// When to write a pool's metadata again after a write of them failed. The pool has no clock: requests of its namespaces that succeed say that the
/// backend works again. A first attempt comes after <see cref="PoolLimits.MendAfterMin"/> of them, a further one after twice as many as the last.
/// </summary>
internal sealed class MetadataMending
{
    private bool _isUneven;
    private long _succeeded;
    private long _after = PoolLimits.MendAfterMin;

    /// <summary>A request of a namespace has ended.</summary>
    public void OnRequest(int error) => _succeeded += _isUneven && error == 0 ? 1 : 0;

    /// <summary>The copies may differ, or one of them is not whole.</summary>
    public void OnFailed()
    {
        _after = _isUneven ? Math.Min(_after * 2, PoolLimits.MendAfterMax) : PoolLimits.MendAfterMin;
        (_isUneven, _succeeded) = (true, 0);
    }

    /// <summary>Both copies are whole and the same.</summary>
    /// <returns>True when they were not before.</returns>
    public bool OnWritten()
    {
        var wasUneven = _isUneven;
        _isUneven = false;
        return wasUneven;
    }

    /// <summary>An attempt is due; the next one is as many requests away.</summary>
    public bool TryTake()
    {
        if (!_isUneven || _succeeded < _after)
        {
            return false;
        }

        _succeeded = 0;
        return true;
    }
}
