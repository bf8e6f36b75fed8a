using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>A Secondary Controller Entry, 32 bytes (NVMe 1.4 §5.15, CNS 15h).</summary>
/// <param name="ControllerId">SCID.</param>
/// <param name="PrimaryControllerId">PCID.</param>
/// <param name="IsOnline">SCS bit 0.</param>
/// <param name="VirtualFunctionNumber">VFN: counted from 1; 0: the controller is no virtual function's.</param>
/// <param name="Queues">NVQ: flexible VQ resources it has, its admin queues among them.</param>
/// <param name="Interrupts">NVI: flexible VI resources it has.</param>
public readonly record struct SecondaryControllerEntry(
    ushort ControllerId, ushort PrimaryControllerId, bool IsOnline, ushort VirtualFunctionNumber, ushort Queues, ushort Interrupts)
{
    public const int Bytes = 32;
    public const int PrimaryControllerIdOffset = 2;
    public const int StateOffset = 4;
    public const int VirtualFunctionNumberOffset = 8;
    public const int QueuesOffset = 10;
    public const int InterruptsOffset = 12;

    public static SecondaryControllerEntry Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(from),
        BinaryPrimitives.ReadUInt16LittleEndian(from[PrimaryControllerIdOffset..]),
        (from[StateOffset] & 1) != 0,
        BinaryPrimitives.ReadUInt16LittleEndian(from[VirtualFunctionNumberOffset..]),
        BinaryPrimitives.ReadUInt16LittleEndian(from[QueuesOffset..]),
        BinaryPrimitives.ReadUInt16LittleEndian(from[InterruptsOffset..]));

    public void Write(Span<byte> into)
    {
        into[..Bytes].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(into, ControllerId);
        BinaryPrimitives.WriteUInt16LittleEndian(into[PrimaryControllerIdOffset..], PrimaryControllerId);
        into[StateOffset] = IsOnline ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(into[VirtualFunctionNumberOffset..], VirtualFunctionNumber);
        BinaryPrimitives.WriteUInt16LittleEndian(into[QueuesOffset..], Queues);
        BinaryPrimitives.WriteUInt16LittleEndian(into[InterruptsOffset..], Interrupts);
    }
}
