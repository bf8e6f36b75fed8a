using System.Buffers.Binary;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A guest's processor: one access at a time to the function in a slot, each to its end, and what a system does with them.</summary>
internal sealed class GuestDriver : IGuestAccessSink
{
    private readonly TestFabric _fabric;
    private readonly GuestSlot _slot;
    private readonly Dictionary<ulong, byte[]> _ends = [];
    private ulong _token;

    public GuestDriver(TestFabric fabric, GuestSlot slot)
    {
        _fabric = fabric;
        _slot = slot;
        slot.Sink = this;
    }

    /// <summary>Accesses that have ended.</summary>
    public int Ended { get; private set; }

    public byte[] ReadConfig(int offset, int bytes) => Wait(token => _slot.TryReadConfig(offset, bytes, token))!;

    public uint ReadConfig32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(ReadConfig(offset, 4));

    public bool WriteConfig(int offset, byte[] data) => Wait(token => _slot.TryWriteConfig(offset, data, token))!.Length > 0;

    public bool WriteConfig32(int offset, uint value) => WriteConfig(offset, BitConverter.GetBytes(value));

    public bool Reset() => Wait(token => _slot.TryReset(token))!.Length > 0;

    public byte[] Read(int bar, ulong offset, int bytes) => Wait(token => _slot.TryReadMemory(bar, offset, bytes, token))!;

    public uint Read32(int bar, ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(Read(bar, offset, 4));

    /// <summary>Begins a read whose end is heard of by <see cref="Ended"/>.</summary>
    public ulong Begin(int bar, ulong offset, int bytes)
    {
        Assert.True(_slot.TryReadMemory(bar, offset, bytes, ++_token));
        return _token;
    }

    public bool HasEnded(ulong token, out byte[] data) => _ends.TryGetValue(token, out data!);

    public void Write(int bar, ulong offset, byte[] data) => Assert.True(_slot.TryWriteMemory(bar, offset, data));

    public void Write32(int bar, ulong offset, uint value) => Write(bar, offset, BitConverter.GetBytes(value));

    /// <summary>Size and low bits of a BAR, found as Linux does: all-ones written and read back, the old value restored.</summary>
    public (ulong Size, uint Low) SizeBar(int index)
    {
        var register = ConfigRegister.Bar0 + (4 * index);
        var low = SizeRegister(register);
        if (low == 0)
        {
            return (0, 0);
        }

        var is64Bit = (low & 6) == 4;
        var mask = (low & ~0xFUL) | ((is64Bit ? SizeRegister(register + 4) : uint.MaxValue) * (1UL << 32));
        return (~mask + 1, low & 0xF);
    }

    public void PlaceBar(int index, ulong address)
    {
        Assert.True(WriteConfig32(ConfigRegister.Bar0 + (4 * index), (uint)address));
        Assert.True(WriteConfig32(ConfigRegister.Bar0 + (4 * index) + 4, (uint)(address >> 32)));
    }

    /// <summary>Memory decoding, and bus mastering if wanted.</summary>
    public void Enable(bool master = true) => Assert.True(WriteConfig(ConfigRegister.Command, [(byte)(master ? 6 : 2), 4]));

    public int FindCapability(CapabilityId id)
    {
        var space = ReadConfig(0, ConfigLimits.SpaceBytes);
        return CapabilityWalk.Find(register => BinaryPrimitives.ReadUInt32LittleEndian(space.AsSpan(register)), id);
    }

    public void OnRead(ulong token, ReadOnlySpan<byte> data) => End(token, data.ToArray());

    public void OnWritten(ulong token, bool isDone) => End(token, isDone ? [1] : []);

    private uint SizeRegister(int register)
    {
        var before = ReadConfig32(register);
        Assert.True(WriteConfig32(register, uint.MaxValue));
        var sized = ReadConfig32(register);
        Assert.True(WriteConfig32(register, before));
        return sized;
    }

    private void End(ulong token, byte[] data)
    {
        Ended++;
        _ends.Add(token, data);
    }

    private byte[] Wait(Func<ulong, bool> begin)
    {
        var token = ++_token;
        Assert.True(begin(token));
        Assert.False(_ends.ContainsKey(token));
        _fabric.Until(() => _ends.ContainsKey(token));
        _ends.Remove(token, out var data);
        return data!;
    }
}
