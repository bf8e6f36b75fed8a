using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Daemon.Capture;

/// <summary>What a capture keeps. Null means: all.</summary>
internal sealed record CaptureFilter
{
    public bool Frames { get; init; }

    public bool HostSide { get; init; }

    public bool DeviceSide { get; init; }

    public CaptureKind Kinds { get; init; } = CaptureKind.All;

    /// <summary>A host bridge's address: frames from and to it, TLPs of it.</summary>
    public MacAddress? Host { get; init; }

    /// <summary>The function's number at its I/O box.</summary>
    public ushort? Function { get; init; }

    /// <summary>The box that numbers it so; null where there is only one.</summary>
    public MacAddress? Box { get; init; }

    public bool TakesFrame(MacAddress destination, MacAddress source) => Frames && (Host is not { } host || host == destination || host == source);

    public bool TakesTlp(in TlpPassage passage, ReadOnlySpan<byte> tlp) =>
        (passage.Point == TlpTapPoint.HostSide ? HostSide : DeviceSide)
        && (Host is not { } host || host == passage.Host)
        && (Function is not { } function || function == passage.Function)
        && (Box is not { } box || box == passage.Box)
        && (Kinds == CaptureKind.All || TakesKind(tlp));

    /// <summary>What is no TLP is always of interest.</summary>
    private bool TakesKind(ReadOnlySpan<byte> tlp) => TlpView.TryParse(tlp, out var view) != TlpError.None || (Kinds & KindOf(view.Kind)) != 0;

    private static CaptureKind KindOf(TlpKind kind) => kind switch
    {
        TlpKind.MemoryRead => CaptureKind.MRd,
        TlpKind.MemoryWrite => CaptureKind.MWr,
        TlpKind.ConfigRead0 or TlpKind.ConfigRead1 => CaptureKind.CfgRd,
        TlpKind.ConfigWrite0 or TlpKind.ConfigWrite1 => CaptureKind.CfgWr,
        TlpKind.Completion or TlpKind.CompletionWithData => CaptureKind.Cpl,
        TlpKind.Message or TlpKind.MessageWithData => CaptureKind.Msg,
        _ => CaptureKind.Atomic,
    };
}
