using System.Buffers.Binary;

namespace ExpEther.Link.Wire;

/// <summary>Up to four ranges, the lowest first; a range of no records ends the list.</summary>
public readonly record struct SelectiveAck(SackRange First, SackRange Second = default, SackRange Third = default, SackRange Fourth = default)
{
    public const int Ranges = 4;

    public SackRange this[int index] => index switch
    {
        0 => First,
        1 => Second,
        2 => Third,
        _ => Fourth,
    };

    public static SelectiveAck Read(ReadOnlySpan<byte> from) => new(Range(from), Range(from[4..]), Range(from[8..]), Range(from[12..]));

    public void Write(Span<byte> into)
    {
        for (var i = 0; i < Ranges; i++)
        {
            var range = this[i];
            BinaryPrimitives.WriteUInt16LittleEndian(into[(i * SackRange.Bytes)..], range.Offset);
            BinaryPrimitives.WriteUInt16LittleEndian(into[((i * SackRange.Bytes) + 2)..], range.Count);
        }
    }

    private static SackRange Range(ReadOnlySpan<byte> from) =>
        new(BinaryPrimitives.ReadUInt16LittleEndian(from), BinaryPrimitives.ReadUInt16LittleEndian(from[2..]));
}
