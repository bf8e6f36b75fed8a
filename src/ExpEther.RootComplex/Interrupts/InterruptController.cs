using ExpEther.Pcie;

namespace ExpEther.RootComplex.Interrupts;

/// <summary>
/// Message-signalled interrupts: vectors, each bound to one requester and one handler. A message marks its vector; the handlers of
/// marked vectors run at the next <see cref="Dispatch"/>, in the order of their first message. Messages between two runs are one.
/// </summary>
public sealed class InterruptController
{
    /// <summary>FEE0_0000h: where x86 takes interrupt messages; 1 MB long.</summary>
    public const uint WindowBase = 0xFEE0_0000;

    private readonly Vector[] _vectors = new Vector[RootComplexLimits.InterruptVectorsMax];
    private readonly int[] _ring = new int[RootComplexLimits.InterruptVectorsMax];
    private readonly RootComplexCounters _counters;
    private int _head;
    private int _count;
    private int _next;

    internal InterruptController(RootComplexCounters counters) => _counters = counters;

    internal bool HasPending => _count > 0;

    public static bool IsInterruptAddress(HostAddress address) => address.Value >> 20 == WindowBase >> 20;

    /// <summary>Takes a vector into use.</summary>
    /// <param name="requester">The only function that may raise it.</param>
    /// <param name="handler">Runs from Dispatch.</param>
    /// <param name="argument">Handed to <paramref name="handler"/>.</param>
    /// <param name="message">What to program.</param>
    /// <returns>False: all vectors are in use.</returns>
    internal bool TryAllocate(Rid requester, Action<int> handler, int argument, out InterruptMessage message)
    {
        for (var tries = 0; tries < _vectors.Length; tries++)
        {
            var vector = _next;
            _next = (_next + 1) % _vectors.Length;
            ref var slot = ref _vectors[vector];
            if (slot.Handler is null)
            {
                slot.Requester = requester;
                slot.Handler = handler;
                slot.Argument = argument;
                message = new InterruptMessage(new HostAddress(WindowBase), (uint)vector);
                return true;
            }
        }

        message = default;
        return false;
    }

    internal void Free(in InterruptMessage message)
    {
        ref var slot = ref _vectors[message.Data];
        Check.That(slot.Handler is not null);
        slot.Handler = null;
        slot.IsPending = false;
    }

    internal void Raise(Rid requester, HostAddress address, uint data)
    {
        if (address.Value != WindowBase || data >= _vectors.Length || _vectors[data] is not { Handler: not null } found || found.Requester != requester)
        {
            _counters.InterruptsSpurious++;
            return;
        }

        _counters.Interrupts++;
        ref var slot = ref _vectors[data];
        slot.IsPending = true;
        if (!slot.IsQueued)
        {
            slot.IsQueued = true;
            _ring[(_head + _count) % _ring.Length] = (int)data;
            _count++;
        }
    }

    /// <summary>Runs the handlers of marked vectors, at most <see cref="RootComplexLimits.InterruptsPerPollMax"/>.</summary>
    internal bool Dispatch()
    {
        var budget = Math.Min(_count, RootComplexLimits.InterruptsPerPollMax);
        var ran = false;
        while (budget-- > 0)
        {
            ref var slot = ref _vectors[_ring[_head]];
            _head = (_head + 1) % _ring.Length;
            _count--;
            slot.IsQueued = false;
            if (slot.IsPending && slot.Handler is { } handler)
            {
                slot.IsPending = false;
                ran = true;
                handler(slot.Argument);
            }
        }

        return ran;
    }

    private struct Vector
    {
        public Action<int>? Handler;
        public int Argument;
        public Rid Requester;
        public bool IsPending;

        // Still in the ring; a vector freed while queued stays there, unmarked, until its turn.
        public bool IsQueued;
    }
}
