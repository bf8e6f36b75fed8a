using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Logs;

/// <summary>
/// Asynchronous events and the requests that wait for them (NVMe 1.4 §5.2). After an event of a type was reported the type is masked until
/// the host reads its log page without Retain Asynchronous Event; events of masked types, and events without a request, wait here.
/// </summary>
internal sealed class AsyncEvents(CommandTable commands)
{
    private const int TypesMax = 8;
    private readonly AsyncEvent[] _events = new AsyncEvent[ControllerLimits.AsyncEventsPendingMax];
    private readonly SlotRing _requests = new(ControllerLimits.AsyncEventRequestsMax);
    private readonly bool[] _masked = new bool[TypesMax];
    private int _count;

    public bool IsFull => _requests.Count == ControllerLimits.AsyncEventRequestsMax;

    /// <summary>The identifier of the request that waits for longest; null: none waits.</summary>
    public ushort? FirstRequest => _requests.Count > 0 ? commands[_requests.Peek()].CommandId : null;

    public void Reset()
    {
        _requests.Clear();
        _count = 0;
        Array.Clear(_masked);
    }

    public void Park(ref CommandSlot slot)
    {
        slot.State = SlotState.Parked;
        _requests.Push(slot.Index);
    }

    /// <summary>Forgets a request that Abort ends.</summary>
    public void Remove(int slot)
    {
        for (var left = _requests.Count; left > 0; left--)
        {
            var each = _requests.Pop();
            if (each != slot)
            {
                _requests.Push(each);
            }
        }
    }

    /// <summary>Notes an event; one that waits already is not noted twice, and beyond the limit the host knows enough.</summary>
    public void Raise(AsyncEvent happened, CommandEngine engine)
    {
        if (_count < _events.Length && !_events.AsSpan(0, _count).Contains(happened))
        {
            _events[_count++] = happened;
        }

        Deliver(engine);
    }

    /// <summary>A log page was read: its type is no longer masked.</summary>
    public void Unmask(AsyncEventType type, CommandEngine engine)
    {
        _masked[(int)type] = false;
        Deliver(engine);
    }

    public void Deliver(CommandEngine engine)
    {
        for (var i = 0; i < _count && _requests.Count > 0;)
        {
            var each = _events[i];
            if (_masked[(int)each.Type])
            {
                i++;
                continue;
            }

            _events.AsSpan(i + 1, _count - i - 1).CopyTo(_events.AsSpan(i));
            _count--;
            _masked[(int)each.Type] = true;
            ref var slot = ref commands[_requests.Pop()];
            slot.State = SlotState.Running;
            slot.Result = each.ToResult();
            engine.Finish(ref slot, NvmeStatus.Success);
        }
    }
}
