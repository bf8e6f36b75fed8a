using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// One TLP taken from a device, with how far it has come. It is translated in place, and handed over whole from the device's hand to a
/// function's output: its bytes are copied once, onto the link.
/// </summary>
internal sealed class HeldTlp
{
    public byte[] Buffer { get; } = new byte[TlpLimits.BytesMax];

    public int Length { get; set; }

    /// <summary>As the device made it, and from its translation on as it goes out.</summary>
    public Span<byte> Bytes => Buffer.AsSpan(0, Length);

    public bool IsTranslated { get; set; }

    /// <summary>Of the assignment that it was translated for.</summary>
    public ulong Generation { get; set; }

    /// <summary>Payload bytes that have been sent.</summary>
    public int Offset { get; set; }

    /// <summary>Another TLP lies in the buffer now.</summary>
    public void Begin(int length)
    {
        Length = length;
        IsTranslated = false;
        Offset = 0;
    }
}
