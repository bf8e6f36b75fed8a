using System.Buffers.Binary;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>The three atomics on host memory (PCIe 5.0 §6.15.3); operands are little-endian.</summary>
internal static class AtomicOperation
{
    /// <summary>Executes <paramref name="request"/> on its operand in memory.</summary>
    /// <returns>The operand before the operation.</returns>
    public static UInt128 Execute(in TlpView request, Span<byte> operand)
    {
        var original = Read(operand);
        var given = Read(request.Payload[..operand.Length]);
        switch (request.Kind)
        {
            case TlpKind.FetchAdd:
                Write(operand, unchecked(original + given));
                break;
            case TlpKind.Swap:
                Write(operand, given);
                break;
            default:
                if (original == given)
                {
                    Write(operand, Read(request.Payload[operand.Length..]));
                }

                break;
        }

        return original;
    }

    public static UInt128 Read(ReadOnlySpan<byte> from) => from.Length switch
    {
        4 => BinaryPrimitives.ReadUInt32LittleEndian(from),
        8 => BinaryPrimitives.ReadUInt64LittleEndian(from),
        _ => BinaryPrimitives.ReadUInt128LittleEndian(from),
    };

    public static void Write(Span<byte> into, UInt128 value)
    {
        switch (into.Length)
        {
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)value);
                break;
            case 8:
                BinaryPrimitives.WriteUInt64LittleEndian(into, (ulong)value);
                break;
            default:
                BinaryPrimitives.WriteUInt128LittleEndian(into, value);
                break;
        }
    }
}
