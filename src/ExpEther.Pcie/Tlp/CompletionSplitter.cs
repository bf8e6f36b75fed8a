namespace ExpEther.Pcie.Tlp;

/// <summary>
/// Cuts the answer to one memory read into completions (PCIe 5.0 §2.3.1.1): each holds at most Max_Payload_Size, each but the last ends
/// on a read completion boundary, they leave in address order, and Byte Count counts down to the last.
/// </summary>
public struct CompletionSplitter
{
    private readonly int _mps;
    private readonly int _rcb;
    private readonly bool _zeroLength;
    private ulong _address;
    private int _left;

    /// <param name="request">The memory read that is answered.</param>
    /// <param name="maxPayloadBytes">128 to 4096.</param>
    /// <param name="rcbBytes">64 or 128.</param>
    public CompletionSplitter(in TlpView request, int maxPayloadBytes, int rcbBytes)
    {
        Check.That(request.Kind == TlpKind.MemoryRead && rcbBytes is 64 or 128 && maxPayloadBytes >= rcbBytes);
        _mps = maxPayloadBytes;
        _rcb = rcbBytes;
        _zeroLength = request.IsZeroLength;
        _address = request.FirstByteAddress;
        _left = request.ByteLength;
    }

    /// <summary>True when every byte has been handed out.</summary>
    public readonly bool IsDone => _left == 0;

    /// <summary>The next piece; only while not <see cref="IsDone"/>.</summary>
    public CompletionPiece Next()
    {
        Check.That(_left > 0);
        var bytes = _left;
        // The payload is whole DWs, so what fits is counted from the DW that holds the first byte.
        var room = _mps - (int)(_address & 3);
        if (bytes > room)
        {
            var end = (_address + (ulong)room) & ~(ulong)(_rcb - 1);
            bytes = (int)(end - _address);
        }

        var piece = new CompletionPiece(_address, _zeroLength ? 0 : bytes, _left);
        _address += (ulong)bytes;
        _left -= bytes;
        return piece;
    }
}
