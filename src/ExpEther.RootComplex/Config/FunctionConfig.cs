using ExpEther.Pcie;

namespace ExpEther.RootComplex.Config;

/// <summary>One function's configuration space by register widths. A read that fails gives all-ones, as hardware does; a failed write is lost.</summary>
internal readonly struct FunctionConfig(IConfigAccess access, Rid rid)
{
    public async ValueTask<uint> Read32Async(int offset)
    {
        var result = await access.ReadAsync(rid, offset & ~3);
        return result.Value;
    }

    public async ValueTask<ushort> Read16Async(int offset)
    {
        var value = await Read32Async(offset);
        return (ushort)(value >> ((offset & 2) * 8));
    }

    public async ValueTask<byte> Read8Async(int offset)
    {
        var value = await Read32Async(offset);
        return (byte)(value >> ((offset & 3) * 8));
    }

    public async ValueTask Write32Async(int offset, uint value) => await access.WriteAsync(rid, offset, value);

    /// <summary>Writes 16 bits and leaves the DW's other half alone.</summary>
    public async ValueTask Write16Async(int offset, ushort value)
        => await access.WriteAsync(rid, offset & ~3, (uint)value << ((offset & 2) * 8), 3 << (offset & 2));

    public async ValueTask Change16Async(int offset, ushort clear, ushort set)
    {
        var value = await Read16Async(offset);
        await Write16Async(offset, (ushort)((value & ~clear) | set));
    }
}
