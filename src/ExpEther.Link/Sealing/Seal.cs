using System.Buffers.Binary;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Sealing;

/// <summary>
/// Closes and opens the frames of one epoch: AES-256-GCM with keys per direction and phase, or CRC32C in the unsealed form, begun with the transcript
/// of set-up and the direction, so that neither a frame of another set-up passes, even where the epoch's number came up twice, nor one that a network
/// throws back at its sender. The header is authenticated, the
/// records are encrypted. The GCM nonce is path ‖ frame number (docs/wire-format.md, "Sealing"); it is never used twice, and
/// <see cref="Close"/> asserts it.
/// </summary>
internal sealed class Seal : IDisposable
{
    public const int GcmTagBytes = 16;
    private const int NonceBytes = 12;

    private readonly KeyPhases? _send;
    private readonly KeyPhases? _receive;
    private readonly ulong[] _lastNumber = new ulong[LinkLimits.PathsMax];

    private readonly uint _sendStart;
    private readonly uint _receiveStart;

    private Seal(KeyPhases? send, KeyPhases? receive, uint sendStart, uint receiveStart)
    {
        (_sendStart, _receiveStart) = (sendStart, receiveStart);
        _send = send;
        _receive = receive;
    }

    public bool IsSealed => _send is not null;

    public int TagBytes => _send is null ? Crc32C.Bytes : GcmTagBytes;

    /// <summary>Of the phase that frames are received in.</summary>
    public ulong ReceivePhase => _receive?.Phase ?? 0;

    public static Seal WithSecrets(byte[] send, byte[] receive, ICipherProvider ciphers) =>
        new(new KeyPhases(send, ciphers), new KeyPhases(receive, ciphers), 0, 0);

    /// <param name="transcript">Of set-up.</param>
    /// <param name="role">This side's.</param>
    public static Seal WithChecksum(byte[] transcript, LinkRole role)
    {
        var start = Crc32C.Continue(Crc32C.Start, transcript);
        var (forth, back) = (Crc32C.Continue(start, [0]), Crc32C.Continue(start, [1]));
        return role == LinkRole.Initiator ? new(null, null, forth, back) : new(null, null, back, forth);
    }

    /// <summary>Encrypts a frame's records in place and writes its tag.</summary>
    /// <param name="path">As in the header.</param>
    /// <param name="frameNumber">As in the header; higher than all before on this path.</param>
    /// <param name="frame">Header, records, room for the tag.</param>
    public void Close(byte path, ulong frameNumber, Span<byte> frame)
    {
        Check.That(frameNumber > _lastNumber[path]);
        _lastNumber[path] = frameNumber;
        var body = frame[..^TagBytes];
        var tag = frame[^TagBytes..];
        if (_send is null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(tag, Checksum(_sendStart, body));
            return;
        }

        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(nonce, path, frameNumber);
        var cipher = _send.Find(frameNumber);
        Check.That(cipher is not null);
        cipher.Encrypt(nonce, body[FrameLayout.Bytes..], tag, body[..FrameLayout.Bytes]);
        _send.Reach(frameNumber);
    }

    /// <summary>Checks a frame and gives out its records.</summary>
    /// <param name="path">As in the header.</param>
    /// <param name="frameNumber">As in the header.</param>
    /// <param name="frame">Exactly the header's Length.</param>
    /// <param name="scratch">Where records are decrypted to; as long as the longest frame.</param>
    /// <param name="records">In <paramref name="scratch"/>, or in <paramref name="frame"/> when nothing is encrypted.</param>
    /// <returns>False: the tag does not fit.</returns>
    public bool TryOpen(byte path, ulong frameNumber, ReadOnlySpan<byte> frame, Span<byte> scratch, out ReadOnlySpan<byte> records)
    {
        records = default;
        if (frame.Length < FrameLayout.Bytes + TagBytes)
        {
            return false;
        }

        var body = frame[..^TagBytes];
        var tag = frame[^TagBytes..];
        var sealedRecords = body[FrameLayout.Bytes..];
        if (_receive is null)
        {
            records = sealedRecords;
            return BinaryPrimitives.ReadUInt32LittleEndian(tag) == Checksum(_receiveStart, body);
        }

        if (sealedRecords.Length > scratch.Length || _receive.Find(frameNumber) is not { } cipher)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(nonce, path, frameNumber);
        var plain = scratch[..sealedRecords.Length];
        if (!cipher.TryDecrypt(nonce, sealedRecords, tag, plain, body[..FrameLayout.Bytes]))
        {
            return false;
        }

        _receive.Reach(frameNumber);
        records = plain;
        return true;
    }

    public void Dispose()
    {
        _send?.Dispose();
        _receive?.Dispose();
    }

    private static uint Checksum(uint start, ReadOnlySpan<byte> body) => ~Crc32C.Continue(start, body);

    private static void WriteNonce(Span<byte> into, byte path, ulong frameNumber)
    {
        BinaryPrimitives.WriteUInt32BigEndian(into, path);
        BinaryPrimitives.WriteUInt64BigEndian(into[4..], frameNumber);
    }
}
