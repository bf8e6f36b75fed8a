using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The three atomics on host memory (PCIe 5.0 §6.15.3); operands are little-endian, as is every machine that this runs on. A guest's processors
/// work on the same memory, so each is one atomic instruction on the naturally aligned operand. Compare-and-swap of 16 bytes is not
/// there: .NET has none for memory that others share, and two of 8 bytes are not one. No port here says that it completes it.
/// </summary>
#pragma warning disable RS0030 // Interlocked: it is not our threads that share the memory, but a guest's processors.
internal static class AtomicOperation
{
    public const int OperandBytesMax = 8;

    /// <summary>Executes <paramref name="request"/> on its operand in memory, of 4 or 8 bytes.</summary>
    /// <returns>The operand before the operation.</returns>
    public static ulong Execute(in TlpView request, Span<byte> operand) => operand.Length == sizeof(uint)
        ? Execute(request, ref MemoryMarshal.AsRef<uint>(operand))
        : Execute(request, ref MemoryMarshal.AsRef<ulong>(operand));

    public static void Write(Span<byte> into, ulong value)
    {
        if (into.Length == sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, value);
        }
    }

    private static uint Execute(in TlpView request, ref uint operand)
    {
        var given = BinaryPrimitives.ReadUInt32LittleEndian(request.Payload);
        return request.Kind switch
        {
            TlpKind.FetchAdd => unchecked(Interlocked.Add(ref operand, given) - given),
            TlpKind.Swap => Interlocked.Exchange(ref operand, given),
            _ => Interlocked.CompareExchange(ref operand, BinaryPrimitives.ReadUInt32LittleEndian(request.Payload[sizeof(uint)..]), given),
        };
    }

    private static ulong Execute(in TlpView request, ref ulong operand)
    {
        var given = BinaryPrimitives.ReadUInt64LittleEndian(request.Payload);
        return request.Kind switch
        {
            TlpKind.FetchAdd => unchecked(Interlocked.Add(ref operand, given) - given),
            TlpKind.Swap => Interlocked.Exchange(ref operand, given),
            _ => Interlocked.CompareExchange(ref operand, BinaryPrimitives.ReadUInt64LittleEndian(request.Payload[sizeof(ulong)..]), given),
        };
    }
}
#pragma warning restore RS0030
