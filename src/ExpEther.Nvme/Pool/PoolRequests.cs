using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;

namespace ExpEther.Nvme.Pool;

/// <summary>
/// Requests to the namespaces of a pool on their way through its backend. A request that crosses from one extent into another becomes
/// several; what a full backend refuses of it waits, and until it is through no further request is taken.
/// </summary>
internal sealed class PoolRequests
{
    // ERANGE: the namespace has become shorter since the request was made.
    private const int OutOfRange = 34;

    private readonly IBlockBackend _backend;
    private readonly PoolRequest[] _requests = new PoolRequest[PoolLimits.RequestsMax];
    private readonly SlotRing _free = new(PoolLimits.RequestsMax);
    private readonly SlotRing _unfinished = new(PoolLimits.RequestsMax);
    private int _firstDone = -1;
    private int _lastDone = -1;

    public PoolRequests(IBlockBackend backend)
    {
        _backend = backend;
        for (var i = 0; i < _requests.Length; i++)
        {
            _free.Push(i);
        }
    }

    public bool TrySubmit(PoolNamespace owner, in BlockRequest request)
    {
        if (owner.IsHeld || _unfinished.Count > 0 || _free.Count == 0)
        {
            return false;
        }

        var index = _free.Peek();
        ref var it = ref _requests[index];
        it = new PoolRequest
        {
            Owner = owner,
            Operation = request.Operation,
            Offset = request.OffsetBytes,
            Left = request.Bytes,
            OwesFlush = request.Operation == BlockOperation.Flush,
            Buffer = request.Buffer,
            Cookie = request.Cookie,
            Next = -1,
        };
        if (request.OffsetBytes + request.Bytes > owner.LengthBytes)
        {
            (it.Left, it.OwesFlush, it.Error) = (0, false, OutOfRange);
        }

        var isHandedOn = TryHandOn(ref it, index);
        if (!isHandedOn && it.Pieces == 0)
        {
            return false;
        }

        _free.Pop();
        owner.InFlight++;
        if (!isHandedOn)
        {
            _unfinished.Push(index);
        }
        else if (it.Pieces == 0)
        {
            End(ref it, index);
        }

        return true;
    }

    /// <summary>The backend is done with a piece.</summary>
    public void OnCompletion(uint cookie, int error)
    {
        var index = (int)cookie;
        ref var it = ref _requests[index];
        it.Pieces--;
        it.Error = it.Error == 0 ? error : it.Error;
        if (it.Pieces == 0 && it.IsHandedOn)
        {
            End(ref it, index);
        }
    }

    /// <summary>Hands on what the backend had no room for.</summary>
    /// <returns>True when a request is through.</returns>
    public bool Resume()
    {
        var any = false;
        while (_unfinished.Count > 0)
        {
            var index = _unfinished.Peek();
            ref var it = ref _requests[index];
            if (it.Error != 0)
            {
                it.Left = 0;
            }

            if (!TryHandOn(ref it, index))
            {
                break;
            }

            _unfinished.Pop();
            any = true;
            if (it.Pieces == 0)
            {
                End(ref it, index);
            }
        }

        return any;
    }

    public bool TryTakeCompletion(out PoolNamespace owner, out BlockCompletion completion)
    {
        var index = _firstDone;
        if (index < 0)
        {
            owner = null!;
            completion = default;
            return false;
        }

        _firstDone = _requests[index].Next;
        _lastDone = _firstDone < 0 ? -1 : _lastDone;
        Release(index, out owner, out completion);
        return true;
    }

    /// <summary>As <see cref="TryTakeCompletion"/>, of one namespace only.</summary>
    public bool TryTakeCompletionOf(PoolNamespace owner, out BlockCompletion completion)
    {
        var before = -1;
        for (var index = _firstDone; index >= 0; before = index, index = _requests[index].Next)
        {
            if (_requests[index].Owner == owner)
            {
                var next = _requests[index].Next;
                if (before < 0)
                {
                    _firstDone = next;
                }
                else
                {
                    _requests[before].Next = next;
                }

                _lastDone = next < 0 ? before : _lastDone;
                Release(index, out _, out completion);
                return true;
            }
        }

        completion = default;
        return false;
    }

    private bool TryHandOn(ref PoolRequest it, int index)
    {
        if (it.OwesFlush)
        {
            if (!_backend.TrySubmit(new BlockRequest(BlockOperation.Flush, 0, 0, default, (uint)index)))
            {
                return false;
            }

            it.OwesFlush = false;
            it.Pieces++;
        }

        while (it.Left > 0)
        {
            var at = it.Owner.Locate(it.Offset, out var contiguous);
            var bytes = (int)Math.Min(it.Left, contiguous);
            var buffer = it.Buffer.IsEmpty ? default : it.Buffer[..bytes];
            if (!_backend.TrySubmit(new BlockRequest(it.Operation, at, bytes, buffer, (uint)index)))
            {
                return false;
            }

            it.Buffer = it.Buffer.IsEmpty ? default : it.Buffer[bytes..];
            it.Offset += bytes;
            it.Left -= bytes;
            it.Pieces++;
        }

        return true;
    }

    private void End(ref PoolRequest it, int index)
    {
        it.Owner.InFlight--;
        it.Next = -1;
        if (_lastDone >= 0)
        {
            _requests[_lastDone].Next = index;
        }
        else
        {
            _firstDone = index;
        }

        _lastDone = index;
    }

    private void Release(int index, out PoolNamespace owner, out BlockCompletion completion)
    {
        owner = _requests[index].Owner;
        completion = new BlockCompletion(_requests[index].Cookie, _requests[index].Error);
        _requests[index] = default;
        _free.Push(index);
    }
}
