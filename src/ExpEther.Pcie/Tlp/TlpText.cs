namespace ExpEther.Pcie.Tlp;

/// <summary>One line that tells a person what a TLP is; for logs and captures, not for the data path.</summary>
public static class TlpText
{
    /// <summary>Such as <c>MRd 01:00.0 tag 5 0xfee00000 64 B</c>: kind, requester, tag, what it is about, then what is unusual.</summary>
    public static string Describe(in TlpView tlp) => Body(tlp) + Suffix(tlp);

    /// <summary>Describes bytes, or says why they are no TLP.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes)
    {
        var error = TlpView.TryParse(bytes, out var tlp);
        return error == TlpError.None ? Describe(tlp) : $"not a TLP ({error}, {bytes.Length} B)";
    }

    private static string Body(in TlpView tlp) => tlp.Kind switch
    {
        TlpKind.MemoryRead when tlp.IsZeroLength => $"MRd {tlp.Requester} tag {tlp.Tag} 0x{tlp.Address:x} flush",
        TlpKind.MemoryRead => $"MRd {tlp.Requester} tag {tlp.Tag} 0x{tlp.FirstByteAddress:x} {tlp.ByteLength} B",
        TlpKind.MemoryWrite => $"MWr {tlp.Requester} 0x{tlp.FirstByteAddress:x} {(tlp.IsZeroLength ? 0 : tlp.ByteLength)} B",
        TlpKind.FetchAdd or TlpKind.Swap or TlpKind.CompareAndSwap =>
            $"{tlp.Kind} {tlp.Requester} tag {tlp.Tag} 0x{tlp.Address:x} {tlp.ByteLength} B",
        TlpKind.ConfigRead0 or TlpKind.ConfigRead1 =>
            $"CfgRd{(tlp.Kind == TlpKind.ConfigRead1 ? 1 : 0)} {tlp.Requester} tag {tlp.Tag} to {tlp.ConfigTarget} register 0x{tlp.ConfigRegister:x}",
        TlpKind.ConfigWrite0 or TlpKind.ConfigWrite1 =>
            $"CfgWr{(tlp.Kind == TlpKind.ConfigWrite1 ? 1 : 0)} {tlp.Requester} tag {tlp.Tag} to {tlp.ConfigTarget} register 0x{tlp.ConfigRegister:x}"
            + $" 0x{tlp.ConfigValue:x8} enables {tlp.FirstByteEnables:x}",
        TlpKind.Completion => $"Cpl {tlp.Completer} to {tlp.Requester} tag {tlp.Tag} {tlp.Status} {tlp.ByteCount} B left",
        TlpKind.CompletionWithData =>
            $"CplD {tlp.Completer} to {tlp.Requester} tag {tlp.Tag} {tlp.Payload.Length} B at 0x{tlp.LowerAddress:x}, {tlp.ByteCount} B left",
        TlpKind.MessageWithData => $"MsgD {tlp.Requester} {tlp.MessageCode} {tlp.MessageRouting} {tlp.Payload.Length} B",
        _ => $"Msg {tlp.Requester} {tlp.MessageCode} {tlp.MessageRouting}",
    };

    private static string Suffix(in TlpView tlp) =>
        (tlp.TrafficClass == 0 ? "" : $" TC{tlp.TrafficClass}")
        + (tlp.Attributes == TlpAttributes.None ? "" : $" [{tlp.Attributes}]");
}
