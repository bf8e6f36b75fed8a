namespace ExpEther.Link;

/// <summary>Every limit of the link, units last.</summary>
public static class LinkLimits
{
    public const ushort EtherTypeDefault = 0x88B5;

    /// <summary>The smallest MTU: what every path must carry, and the length of the shortest INIT.</summary>
    public const int MtuBytesMin = 1024;
    public const int MtuBytesMax = 65535;

    /// <summary>A TLP: 4DW header, 4096 B of data, digest.</summary>
    public const int TlpBytesMax = 4116;

    /// <summary>What a TLP has besides its payload: 4DW header and digest.</summary>
    public const int TlpOverheadBytesMax = 20;

    public const int PayloadBytesMin = 128;
    public const int PayloadBytesMax = 4096;

    /// <summary>A control message.</summary>
    public const int ControlBytesMax = 512;

    /// <summary>A hint.</summary>
    public const int HintBytesMax = 64;

    /// <summary>A bridge's name in UTF-8.</summary>
    public const int NameBytesMax = 64;

    public const int KeyBytes = 32;

    /// <summary>Non-posted requests that wait for credit; more than all tags of a link's functions can be outstanding.</summary>
    public const int NonPostedAsideMax = 4096;

    /// <summary>The longest non-posted request: a 128-bit compare and swap with digest is 52 B.</summary>
    public const int NonPostedBytesMax = 64;

    /// <summary>Sent, not acknowledged, and queued records together.</summary>
    public const int SendRecordsMax = 4096;

    public const int SendRingBytes = 1 << 20;

    /// <summary>Kept free of TLPs, so that control messages get through a full window.</summary>
    public const int ControlReserveBytes = 4096;
    public const int ControlReserveRecords = 16;

    /// <summary>Records from the first missing one on that are taken in; a power of two.</summary>
    public const int ReceiveRecordsMax = 4096;

    /// <summary>Frames kept that came before an earlier one.</summary>
    public const int ReorderFramesMax = 256;

    /// <summary>Bytes in flight, unless configured otherwise.</summary>
    public const int WindowBytes = 256 << 10;

    public const int PostedHeaderCredits = 2048;
    public const int PostedDataCredits = 32768;
    public const int NonPostedHeaderCredits = 1024;
    public const int NonPostedDataCredits = 4096;
    public const int CompletionHeaderCredits = 2048;
    public const int CompletionDataCredits = 32768;

    /// <summary>A frame number this far behind the highest is refused unseen.</summary>
    public const int ReplayFramesMax = 2048;

    /// <summary>Paths a link spreads over.</summary>
    public const int PathsMax = 1;

    /// <summary>HELLOs and INITs of used-up challenges that a responder keeps to answer; further ones are not answered.</summary>
    public const int SetupAnswersMax = 8;

    /// <summary>
    /// A key seals 2^this frames at most: far below what AES-GCM allows (RFC 9001 §6.6: 2^23 frames), and far more than are under way at once.
    /// </summary>
    public const int KeyPhaseFrameBits = 22;

    /// <summary>Times that one INIT is sent; after that the initiator begins with HELLO again.</summary>
    public const int SetupTriesPerNonceMax = 8;

    /// <summary>Sizes of one attempt's INITs that a responder keeps to answer.</summary>
    public const int SetupSizesMax = 9;

    /// <summary>Frames taken in without an acknowledgement being sent.</summary>
    public const int FramesPerAckMax = 8;

    /// <summary>A frame counts as lost once one sent this many later has arrived.</summary>
    public const int ReorderThresholdFrames = 3;

    /// <summary>Or once one sent this much later has arrived, or a quarter of the round trip, whichever is longer.</summary>
    public const int ReorderMicrosecondsMin = 1000;

    /// <summary>
    /// So many times was a record lost in frames longer than <see cref="MtuBytesMin"/>, and none such got through, while others did: the
    /// path carries less than it did.
    /// </summary>
    public const int ShrinkLosses = 4;

    /// <summary>As often again in frames that cannot be made shorter, for this part of <see cref="LinkOptions.LinkDead"/>: the epoch cannot go on.</summary>
    public const int ShrinkPatiencePart = 4;
}
