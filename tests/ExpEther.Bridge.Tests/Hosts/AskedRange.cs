using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>Memory that a host must be asked for, beside what it has mapped; the test says when there is room and when answers come.</summary>
internal sealed class AskedRange(TestHost host, ulong start, int bytes) : IHostMemory, IAskedMemory
{
    private readonly Dictionary<int, (ulong Address, AskedRead State)> _reads = [];
    private int _nextTicket = 100;

    public byte[] Bytes { get; } = new byte[bytes];

    /// <summary>Writes and interrupts in the order of their coming.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Writes that are taken yet.</summary>
    public int Room { get; set; } = int.MaxValue;

    /// <summary>Reads that may wait.</summary>
    public int ReadRoom { get; set; } = int.MaxValue;

    /// <summary>Tickets of reads whose end was not taken, oldest first.</summary>
    public List<int> Tickets => [.. _reads.Keys.Order()];

    public bool TryGetSpan(HostAddress address, int length, DmaRights rights, out Span<byte> span) => host.TryGetSpan(address, length, rights, out span);

    public bool IsAsked(HostAddress address, int length, DmaRights rights) =>
        address.Value >= start && address.Value + (ulong)length <= start + (ulong)Bytes.Length;

    public bool TryWrite(HostAddress address, ReadOnlySpan<byte> data)
    {
        if (Room == 0)
        {
            return false;
        }

        Room--;
        Log.Add($"write {address.Value - start:x} {data.Length}");
        data.CopyTo(Bytes.AsSpan((int)(address.Value - start)));
        return true;
    }

    public bool TryBeginRead(HostAddress address, int length, out int ticket)
    {
        Assert.InRange(length, 1, 4096);
        ticket = 0;
        if (_reads.Count >= ReadRoom)
        {
            return false;
        }

        ticket = _nextTicket++;
        _reads.Add(ticket, (address.Value, AskedRead.Waiting));
        return true;
    }

    public AskedRead TakeRead(int ticket, Span<byte> into)
    {
        var (address, state) = _reads[ticket];
        if (state == AskedRead.Done)
        {
            Bytes.AsSpan((int)(address - start), into.Length).CopyTo(into);
        }

        if (state != AskedRead.Waiting)
        {
            _reads.Remove(ticket);
        }

        return state;
    }

    public void End(int ticket, AskedRead how = AskedRead.Done) => _reads[ticket] = (_reads[ticket].Address, how);
}
