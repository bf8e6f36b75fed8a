namespace ExpEther.Nvme.Pool;

/// <content>How a pool is found on its backend, or made.</content>
public sealed partial class NamespacePool
{
    private void OnRead()
    {
        if (_work.Error != 0)
        {
            Refuse($"its metadata cannot be read (error {_work.Error})");
            return;
        }

        var bytes = _work.Buffer.Span;
        _isBlank &= !bytes.ContainsAnyExcept((byte)0);
        if (_piece < _copies.Length)
        {
            _copies[_piece] = PoolImage.Read(bytes);
        }

        _piece++;
        _work.Begin();
        if (_piece * PoolLimits.MetadataBytes == PoolLimits.DataOffset)
        {
            Open();
        }
    }

    private void Open()
    {
        _newestCopy = (_copies[1]?.Version ?? 0) > (_copies[0]?.Version ?? 0) || _copies[0] is null ? 1 : 0;
        if (_copies[_newestCopy] is { } newest)
        {
            Load(newest);
        }
        else if (_isBlank)
        {
            Go(PoolPhase.Write);
        }
        else
        {
            Refuse($"it holds no namespace pool and does not start with zeroes, so that something else may be on it; zero its first {PoolLimits.DataOffset} "
                + "bytes if that is not wanted any more");
        }
    }

    private void Load(PoolImage image)
    {
        if (image.BlockBytes != Base.BlockBytes)
        {
            Refuse($"its pool was made with blocks of {image.BlockBytes} bytes, and it now has blocks of {Base.BlockBytes}");
            return;
        }

        foreach (var each in image.Namespaces)
        {
            if (each.Id is < PoolLimits.FirstNamespaceId or > PoolLimits.LastNamespaceId || _namespaces.Exists(other => other.Id == each.Id)
                || each.LengthBytes <= 0 || each.LengthBytes % Base.BlockBytes != 0
                || each.Extents.Sum(extent => (long)extent.Count) != ChunksOf(each.LengthBytes) || !each.Extents.All(_chunks.TryTake))
            {
                Refuse($"its pool has namespace {each.Id} in places that it has not, or that are another's: it may have been cut short");
                return;
            }

            Insert(new PoolNamespace(this, each));
        }

        _version = image.Version;
        State = PoolState.Ready;
        _phase = PoolPhase.None;
    }

    private void Refuse(string problem)
    {
        Problem = problem;
        State = PoolState.Refused;
        _phase = PoolPhase.None;
        _namespaces.Clear();
    }
}
