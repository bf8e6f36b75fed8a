namespace ExpEther.Nvme.Controller;

/// <summary>A first-in-first-out ring of small numbers (command slots, queues) with a fixed capacity.</summary>
internal sealed class SlotRing(int capacity)
{
    private readonly int[] _items = new int[capacity];
    private int _head;

    public int Count { get; private set; }

    public void Push(int item)
    {
        Check.That(Count < _items.Length);
        var at = _head + Count;
        _items[at >= _items.Length ? at - _items.Length : at] = item;
        Count++;
    }

    public int Peek()
    {
        Check.That(Count > 0);
        return _items[_head];
    }

    public int Pop()
    {
        Check.That(Count > 0);
        var item = _items[_head];
        _head = _head + 1 == _items.Length ? 0 : _head + 1;
        Count--;
        return item;
    }

    public void Clear()
    {
        _head = 0;
        Count = 0;
    }
}
