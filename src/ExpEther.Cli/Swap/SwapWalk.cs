using ExpEther.Link.Taps;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Swap;

/// <summary>
/// Finds one register read, one DMA read, one DMA write and one interrupt of a function in a capture, each on both sides of the swap: figure 3 of
/// NEC's paper with the bytes that really went.
/// </summary>
internal sealed class SwapWalk(IReadOnlyList<CapturedTlp> tlps)
{
    private const int DataBytesMin = 64;

    /// <summary>What was found, in the order of the rows; not all of them need be there.</summary>
    public IReadOnlyList<SwapStep> Steps()
    {
        var steps = new List<SwapStep>();
        steps.AddRange(RequestAndAnswer(
            TlpDirection.ToDevice, TlpKind.MemoryRead, 1, "the host reads a register: memory read", 2, "the device answers: completion with data"));
        steps.AddRange(RequestAndAnswer(
            TlpDirection.ToHost, TlpKind.MemoryRead, 4, "the device reads the host's memory (DMA): memory read", 5, "the host answers: completion with data"));
        steps.AddRange(First(TlpDirection.ToHost, 4, "the device writes data to the host's memory (DMA): memory write", static (in TlpView t) =>
            t.Kind == TlpKind.MemoryWrite && t.Payload.Length >= DataBytesMin));
        steps.AddRange(First(TlpDirection.ToHost, 6, "the device raises its interrupt: memory write to the interrupt window", static (in TlpView t) =>
            t.Kind == TlpKind.MemoryWrite && t.Payload.Length == 4 && t.Address >> 20 == 0xFEE));
        return steps;
    }

    private delegate bool Wanted(in TlpView tlp);

    private IEnumerable<SwapStep> RequestAndAnswer(TlpDirection direction, TlpKind kind, int row, string title, int answerRow, string answerTitle)
    {
        var back = direction == TlpDirection.ToDevice ? TlpDirection.ToHost : TlpDirection.ToDevice;
        for (var i = 0; i < tlps.Count; i++)
        {
            if (!IsFirstSide(tlps[i], direction) || View(tlps[i]).Kind != kind || OtherSide(i) is not { } request)
            {
                continue;
            }

            var tag = View(tlps[i]).Tag;
            for (var j = i + 1; j < tlps.Count; j++)
            {
                if (IsFirstSide(tlps[j], back) && tlps[j].Function == tlps[i].Function && View(tlps[j]) is { Kind: TlpKind.CompletionWithData } answer
                    && answer.Tag == tag && OtherSide(j) is { } completed)
                {
                    return [Step(row, title, tlps[i], request), Step(answerRow, answerTitle, tlps[j], completed)];
                }
            }
        }

        return [];
    }

    private IEnumerable<SwapStep> First(TlpDirection direction, int row, string title, Wanted isWanted)
    {
        for (var i = 0; i < tlps.Count; i++)
        {
            if (IsFirstSide(tlps[i], direction) && isWanted(View(tlps[i])) && OtherSide(i) is { } other)
            {
                return [Step(row, title, tlps[i], other)];
            }
        }

        return [];
    }

    /// <summary>The side that a TLP going there is seen on first.</summary>
    private static bool IsFirstSide(CapturedTlp tlp, TlpDirection direction) => tlp.Direction == direction
        && tlp.Point == (direction == TlpDirection.ToDevice ? TlpTapPoint.HostSide : TlpTapPoint.DeviceSide);

    /// <summary>The same TLP past the swap; null: it ended here, or the capture did. What is cut into pieces by the swap is passed over.</summary>
    private CapturedTlp? OtherSide(int first)
    {
        var one = View(tlps[first]);
        for (var i = first + 1; i < tlps.Count; i++)
        {
            if (tlps[i].Function == tlps[first].Function && tlps[i].Direction == tlps[first].Direction && tlps[i].Point != tlps[first].Point
                && View(tlps[i]) is var other && other.Kind == one.Kind && other.LengthDw == one.LengthDw
                && (other.Kind == TlpKind.MemoryWrite ? other.Payload.SequenceEqual(one.Payload) : other.Tag == one.Tag))
            {
                return tlps[i];
            }
        }

        return null;
    }

    private static TlpView View(CapturedTlp tlp)
    {
        Check.That(TlpView.TryParse(tlp.Bytes, out var view) == TlpError.None);
        return view;
    }

    private static SwapStep Step(int row, string title, CapturedTlp first, CapturedTlp second) =>
        first.Point == TlpTapPoint.HostSide ? new SwapStep(row, title, first, second) : new SwapStep(row, title, second, first);
}
