using ExpEther.Linux.Polling;

namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>A device of byte arrays, as slow and as full as a test wants it.</summary>
internal sealed class TestDevice : IVfioUserDevice
{
    private readonly Queue<Action<VfioUserServer>> _due = [];

    /// <summary>Contents of regions by number; others are not there.</summary>
    public Dictionary<int, byte[]> Regions { get; } = new() { [0] = new byte[0x4000], [7] = new byte[4096] };

    public int[] Interrupts { get; } = [0, 0, 8, 0, 0];

    public bool IsReady { get; set; } = true;

    public bool HasRoom { get; set; } = true;

    /// <summary>Accesses are answered by <see cref="Answer"/> only.</summary>
    public bool IsSlow { get; set; }

    public List<string> Log { get; } = [];

    public List<ulong> Tokens { get; } = [];

    public Dictionary<(int Index, int Vector), EventFd?> Events { get; } = [];

    public int MemoryChanges { get; private set; }

    public string? LastDisconnect { get; private set; }

    /// <summary>What reads give in place of the arrays, in order.</summary>
    public Queue<byte[]>? ScriptedReads { get; set; }

    /// <summary>Ends what was begun, in order.</summary>
    public bool Answer(VfioUserServer server)
    {
        if (!_due.TryDequeue(out var end))
        {
            return false;
        }

        end(server);
        return true;
    }

    public VfioUserRegion RegionOf(int index) => Regions.TryGetValue(index, out var bytes) ? new((ulong)bytes.Length) : default;

    public int InterruptsOf(int index) => Interrupts[index];

    public void OnConnected() => Log.Add("connected");

    public void OnDisconnected(string reason)
    {
        LastDisconnect = reason;
        Log.Add("disconnected");
    }

    public bool TryRead(int region, ulong offset, int bytes, ulong token)
    {
        if (!HasRoom)
        {
            return false;
        }

        Log.Add($"read {region} {offset:x} {bytes}");
        Tokens.Add(token);
        var data = ScriptedReads?.Dequeue() ?? Regions[region].AsSpan((int)offset, bytes).ToArray();
        _due.Enqueue(server => server.CompleteRead(token, data));
        return true;
    }

    public bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted)
    {
        if (!HasRoom)
        {
            return false;
        }

        Log.Add($"{(isPosted ? "post" : "write")} {region} {offset:x} {Convert.ToHexStringLower(data)}");
        data.CopyTo(Regions[region].AsSpan((int)offset));
        if (!isPosted)
        {
            Tokens.Add(token);
            _due.Enqueue(server => server.CompleteWrite(token, isDone: true));
        }

        return true;
    }

    public bool TryReset(ulong token)
    {
        if (!HasRoom)
        {
            return false;
        }

        Log.Add("reset");
        Tokens.Add(token);
        _due.Enqueue(server => server.CompleteWrite(token, isDone: true));
        return true;
    }

    public void OnInterruptEvent(int index, int vector, EventFd? wake)
    {
        Log.Add($"event {index} {vector} {(wake is null ? "none" : "set")}");
        Events[(index, vector)] = wake;
    }

    public void OnMemoryChanged() => MemoryChanges++;
}
