namespace ExpEther.Link.Wire;

/// <summary>
/// What a record is. Kinds below 80h are sequenced: numbered, acknowledged, sent again when lost, delivered once and in order. The
/// others travel with a frame and may be lost with it; unknown ones are skipped.
/// </summary>
public enum RecordKind : byte
{
    Tlp = 1,
    Control = 2,
    Credits = 0x81,
    Hint = 0x82,

    /// <summary>The epoch's MTU, with the initiator's confirmation.</summary>
    Mtu = 0x83,
}
