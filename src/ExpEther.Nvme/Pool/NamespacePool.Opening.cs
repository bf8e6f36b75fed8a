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
        var isBlank = !bytes.ContainsAnyExcept((byte)0);
        _isBlank &= isBlank;
        if (_piece < _copies.Length)
        {
            var isOne = PoolImage.IsOne(bytes);
            _copies[_piece] = new PoolCopy(PoolImage.Read(bytes), isBlank, isOne);
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
        var (first, second) = (_copies[0].Image, _copies[1].Image);
        _newestCopy = first is null || second?.Version > first.Version ? 1 : 0;
        if (_copies[_newestCopy].Image is { } newest)
        {
            if (first is not null && second is not null && first.Version == second.Version && !first.IsSame(second))
            {
                Refuse("the two copies of its metadata say different things under one version: two boxes may have had it open at a time. Nothing was changed");
                return;
            }

            Load(newest);
        }
        else if (_isBlank)
        {
            // The first copy first: of two equally good ones at opening it counts.
            Go(PoolPhase.Write);
        }
        else if (_copies[0].IsOne || _copies[1].IsOne)
        {
            Refuse("both copies of its pool's metadata are damaged, so that nobody knows whose its blocks are. Nothing was changed: its namespaces are "
                + $"whole again once the first {PoolLimits.DataOffset} bytes are as they were, from a backup");
        }
        else
        {
            Refuse($"it holds no namespace pool and does not start with zeroes, so that something else may be on it; zero its first {PoolLimits.DataOffset} "
                + "bytes if that is not wanted any more");
        }
    }

    /// <summary>The copies are not the same: says what that means, and makes them the same if it is certain what they should say.</summary>
    private void Mend(PoolImage newest, PoolCopy other)
    {
        var place = _newestCopy == 0 ? "second" : "first";
        if (other.Image is null && !newest.IsMirrored && !(newest.Version == 1 && other.IsBlank))
        {
            Doubt = $"the {place} copy of the pool's metadata is damaged, and an earlier ExpEther wrote it: it may have been newer than "
                + $"version {newest.Version}, which the other copy has. A namespace that was made or resized last may be missing, and its blocks look free";
            Report($"{Doubt}. Namespaces are served; none is created, resized or deleted until the copy is restored from a backup, or that loss is accepted by "
                + "'expether namespace repair DEVICE --accept-loss'");
            State = PoolState.Ready;
            _phase = PoolPhase.None;
            return;
        }

        if (newest.IsMirrored)
        {
            Report(other switch
            {
                { Image: { } older } => $"the {place} copy of the pool's metadata was of version {older.Version}, the other of {newest.Version}: the box ended "
                    + "in the middle of a change. That change is made",
                { IsBlank: true } => $"the {place} copy of the pool's metadata had never been written, or was zeroed. It is written again from the other one, "
                    + $"of version {newest.Version}, which has every change that counted",
                _ => $"the {place} copy of the pool's metadata was damaged, or not written to its end. It is written again from the other one, of version "
                    + $"{newest.Version}, which has every change that counted",
            });
        }

        Go(PoolPhase.Write);
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
        var other = _copies[_newestCopy ^ 1];
        if (image.IsMirrored && other.Image?.Version == image.Version)
        {
            State = PoolState.Ready;
            _phase = PoolPhase.None;
            return;
        }

        Mend(image, other);
    }

    private void Report(string what) => _report = _report.Length == 0 ? what : $"{_report}; {what}";

    private void Refuse(string problem)
    {
        Problem = problem;
        State = PoolState.Refused;
        _phase = PoolPhase.None;
        _namespaces.Clear();
    }
}
