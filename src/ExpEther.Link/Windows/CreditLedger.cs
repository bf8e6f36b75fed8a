using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Windows;

/// <summary>What we let the peer send: the receiving side of <see cref="CreditGate"/>.</summary>
internal sealed class CreditLedger
{
    private readonly uint[] _headersGranted = new uint[3];
    private readonly uint[] _dataGranted = new uint[3];
    private readonly uint[] _headersTaken = new uint[3];
    private readonly uint[] _dataTaken = new uint[3];

    /// <summary>Something was granted that the peer was not told yet.</summary>
    public bool HasNews { get; private set; }

    public CreditSet Granted => new(
        _headersGranted[(int)TlpClass.Posted],
        _dataGranted[(int)TlpClass.Posted],
        _headersGranted[(int)TlpClass.NonPosted],
        _dataGranted[(int)TlpClass.NonPosted],
        _headersGranted[(int)TlpClass.Completion],
        _dataGranted[(int)TlpClass.Completion]);

    public void Reset(in CreditSet initial)
    {
        _headersTaken.AsSpan().Clear();
        _dataTaken.AsSpan().Clear();
        _headersGranted[(int)TlpClass.Posted] = initial.PostedHeaders;
        _dataGranted[(int)TlpClass.Posted] = initial.PostedData;
        _headersGranted[(int)TlpClass.NonPosted] = initial.NonPostedHeaders;
        _dataGranted[(int)TlpClass.NonPosted] = initial.NonPostedData;
        _headersGranted[(int)TlpClass.Completion] = initial.CompletionHeaders;
        _dataGranted[(int)TlpClass.Completion] = initial.CompletionData;
        HasNews = false;
    }

    /// <summary>Counts a TLP that came in.</summary>
    /// <returns>False: the peer sent more than it was granted (PCIe 5.0 §2.6.1.2, receiver overflow).</returns>
    public bool TryTake(TlpClass c, uint dataUnits)
    {
        _headersTaken[(int)c]++;
        _dataTaken[(int)c] += dataUnits;
        return (int)(_headersGranted[(int)c] - _headersTaken[(int)c]) >= 0 && (int)(_dataGranted[(int)c] - _dataTaken[(int)c]) >= 0;
    }

    public void Return(TlpClass c, uint headers, uint dataUnits)
    {
        _headersGranted[(int)c] += headers;
        _dataGranted[(int)c] += dataUnits;
        HasNews = true;
    }

    /// <summary>The peer is being told.</summary>
    public void OnAdvertised() => HasNews = false;
}
