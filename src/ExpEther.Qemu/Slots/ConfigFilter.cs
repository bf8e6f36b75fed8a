using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Slots;

/// <summary>
/// What a client sees of a function's configuration space where that is not what the function says: its interrupt pin is 0, for INTx is
/// not carried; and, while QEMU makes itself a picture of the device, its MSI-X capability is shown as a vendor-specific one.
/// <para>
/// Theory: QEMU looks for MSI-X while it realizes the device and would manage it from then on. It does not for a capability it takes
/// for a vendor's: ID 09h, whose third byte is its length (PCIe 5.0 §7.9.4), 12 for the bytes that MSI-X has. Realize ends by DEVICE_RESET. From there on the
/// true ID and Message Control are shown, QEMU passes the guest's accesses on, and function and guest have MSI-X to themselves.
/// </para>
/// Owned by one thread; allocates nothing per access.
/// </summary>
internal sealed class ConfigFilter
{
    private const int InterruptPin = 0x3D;
    private const byte MsixId = 0x11;
    private const byte VendorSpecificId = 0x09;
    private const byte MsixCapabilityBytes = 12;
    private const int MessageControl = 2;
    private const int ConfigBytes = 4096;

    private readonly (ulong Token, int Offset)[] _reads = new (ulong, int)[QemuLimits.TrackedReadsMax];
    private readonly byte[] _data = new byte[ConfigBytes];
    private int _readCount;
    private int _msix;
    private byte _messageControlLow;

    public bool IsHidden { get; private set; }

    /// <summary>A client is there, to whom the function is described.</summary>
    /// <param name="function">Whose configuration space it is.</param>
    /// <param name="hidesMsix">Until <see cref="Reveal"/>; not where QEMU is to manage MSI-X.</param>
    public void Begin(GuestFunction function, bool hidesMsix)
    {
        _readCount = 0;
        _msix = function.MsixOffset;

        // Table Size is N - 1, in bits 10:0 (PCIe 5.0 §7.7.2.2).
        _messageControlLow = (byte)(function.MsixVectors - 1);
        IsHidden = hidesMsix && function.MsixOffset != 0;
    }

    /// <summary>The client has its picture of the device.</summary>
    public void Reveal() => IsHidden = false;

    /// <summary>A read is about to begin.</summary>
    /// <returns>False: too many are on their way whose answer has to be changed.</returns>
    public bool TryTrack(ulong token, int offset, int bytes)
    {
        if (!Overlaps(offset, bytes))
        {
            return true;
        }

        if (_readCount == _reads.Length)
        {
            return false;
        }

        _reads[_readCount++] = (token, offset);
        return true;
    }

    /// <summary>The read did not begin after all.</summary>
    public void Forget(ulong token) => _ = TryForget(token, out _);

    /// <summary>What the client is to see of a read. Valid until the next call.</summary>
    public ReadOnlySpan<byte> OfRead(ulong token, ReadOnlySpan<byte> data)
    {
        if (!TryForget(token, out var offset) || data.IndexOfAnyExcept((byte)0xFF) < 0)
        {
            // All-ones is how a function that is gone reads, and must stay so.
            return data;
        }

        var seen = _data.AsSpan(0, data.Length);
        data.CopyTo(seen);
        Put(seen, offset, InterruptPin, 0);
        if (IsHidden)
        {
            Put(seen, offset, _msix, VendorSpecificId);
            Put(seen, offset, _msix + MessageControl, MsixCapabilityBytes);
        }

        return seen;
    }

    /// <summary>
    /// What of a client's write may reach the function: where the client sees something else, what is there already. Valid until the next call.
    /// </summary>
    /// <param name="offset">Of its first byte.</param>
    /// <param name="data">The client's.</param>
    /// <param name="keepsDecoding">Memory Space Enable is not the client's, and stays set.</param>
    public ReadOnlySpan<byte> OfWrite(int offset, ReadOnlySpan<byte> data, bool keepsDecoding)
    {
        var keeps = keepsDecoding && Covers(offset, data.Length, ConfigRegister.Command);
        var hides = IsHidden && (Covers(offset, data.Length, _msix) || Covers(offset, data.Length, _msix + MessageControl));
        if (!keeps && !hides)
        {
            return data;
        }

        var written = _data.AsSpan(0, data.Length);
        data.CopyTo(written);
        if (keeps)
        {
            written[ConfigRegister.Command - offset] |= (byte)ConfigRegister.CommandMemorySpaceEnable;
        }

        if (hides)
        {
            Put(written, offset, _msix, MsixId);
            Put(written, offset, _msix + MessageControl, _messageControlLow);
        }

        return written;
    }

    private static bool Covers(int offset, int bytes, int place) => place >= offset && place < offset + bytes;

    private static void Put(Span<byte> bytes, int offset, int place, byte value)
    {
        if (Covers(offset, bytes.Length, place))
        {
            bytes[place - offset] = value;
        }
    }

    private bool Overlaps(int offset, int bytes) => Covers(offset, bytes, InterruptPin)
        || (IsHidden && (Covers(offset, bytes, _msix) || Covers(offset, bytes, _msix + MessageControl)));

    private bool TryForget(ulong token, out int offset)
    {
        for (var i = 0; i < _readCount; i++)
        {
            if (_reads[i].Token == token)
            {
                offset = _reads[i].Offset;
                _reads[i] = _reads[--_readCount];
                return true;
            }
        }

        offset = 0;
        return false;
    }
}
