using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ExpEther.Link.Ethernet;

/// <summary>A 48-bit MAC address; the first octet on the wire is bits 47:40.</summary>
public readonly record struct MacAddress(ulong Value)
{
    public const int Bytes = 6;

    public static readonly MacAddress Broadcast = new(0xFFFF_FFFF_FFFF);

    public bool IsMulticast => (Value & 0x0100_0000_0000) != 0;

    public static MacAddress Read(ReadOnlySpan<byte> from) =>
        new(((ulong)from[0] << 40) | ((ulong)from[1] << 32) | ((ulong)from[2] << 24) | ((ulong)from[3] << 16) | ((ulong)from[4] << 8) | from[5]);

    public void Write(Span<byte> into)
    {
        for (var i = 0; i < Bytes; i++)
        {
            into[i] = (byte)(Value >> (40 - (8 * i)));
        }
    }

    /// <summary>Six pairs of hexadecimal digits with colons.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress mac)
    {
        mac = default;
        var parts = text?.Split(':');
        if (parts is not { Length: Bytes })
        {
            return false;
        }

        ulong value = 0;
        foreach (var part in parts)
        {
            if (part.Length != 2 || !byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        mac = new MacAddress(value);
        return true;
    }

    public override string ToString() =>
        $"{Value >> 40 & 0xFF:x2}:{Value >> 32 & 0xFF:x2}:{Value >> 24 & 0xFF:x2}:{Value >> 16 & 0xFF:x2}:{Value >> 8 & 0xFF:x2}:{Value & 0xFF:x2}";
}
