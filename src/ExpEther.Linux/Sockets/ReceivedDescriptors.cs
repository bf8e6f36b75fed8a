using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// File descriptors that came over a socket. They are owned here until taken; whoever uses this closes what nobody wanted
/// (<see cref="CloseAll"/>), so that no peer can fill the process's table.
/// </summary>
public sealed class ReceivedDescriptors : IDisposable
{
    private readonly int[] _descriptors = new int[LinuxLimits.ReceivedDescriptorsMax];

    public int Count { get; private set; }

    /// <summary>Adds one and owns it from now on.</summary>
    /// <returns>False: there are as many as one message may bring; the descriptor was closed.</returns>
    public bool TryAdd(int descriptor)
    {
        if (Count == _descriptors.Length)
        {
            _ = Libc.close(descriptor);
            return false;
        }

        _descriptors[Count++] = descriptor;
        return true;
    }

    /// <summary>One of them; it stays owned here.</summary>
    public int this[int index]
    {
        get
        {
            Check.That((uint)index < (uint)Count && _descriptors[index] >= 0);
            return _descriptors[index];
        }
    }

    /// <summary>Hands one over: the caller closes it from now on. The others keep their places.</summary>
    public int Take(int index)
    {
        var descriptor = this[index];
        _descriptors[index] = -1;
        return descriptor;
    }

    /// <summary>Moves all of them to the end of another list; what finds no room there is closed.</summary>
    /// <returns>False: some found no room.</returns>
    public bool TryMoveTo(ReceivedDescriptors other)
    {
        var isComplete = true;
        for (var i = 0; i < Count; i++)
        {
            isComplete &= other.TryAdd(Take(i));
        }

        Count = 0;
        return isComplete;
    }

    /// <summary>Closes what was not taken; the list is empty then.</summary>
    public void CloseAll()
    {
        for (var i = 0; i < Count; i++)
        {
            if (_descriptors[i] >= 0)
            {
                _ = Libc.close(_descriptors[i]);
            }
        }

        Count = 0;
    }

    public void Dispose() => CloseAll();
}
