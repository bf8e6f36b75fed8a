using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Windows;

/// <summary>
/// What the peer lets us send, per class (PCIe 5.0 §2.6.1): limits and use count up from the epoch's beginning, modulo 2^32, and only
/// their difference matters.
/// </summary>
internal sealed class CreditGate
{
    private readonly uint[] _headerLimit = new uint[3];
    private readonly uint[] _dataLimit = new uint[3];
    private readonly uint[] _headersUsed = new uint[3];
    private readonly uint[] _dataUsed = new uint[3];

    /// <summary>Data credits of a TLP: units of 16 B beyond the longest header. Both sides count from the length alone.</summary>
    public static uint DataUnits(int tlpBytes) => tlpBytes <= 16 ? 0 : (uint)(tlpBytes - 1) / 16;

    public void Reset(in CreditSet initial)
    {
        _headersUsed.AsSpan().Clear();
        _dataUsed.AsSpan().Clear();
        _headerLimit.AsSpan().Clear();
        _dataLimit.AsSpan().Clear();
        Update(initial);
    }

    public bool Allows(TlpClass c, uint dataUnits) =>
        (int)(_headerLimit[(int)c] - _headersUsed[(int)c]) >= 1 && (int)(_dataLimit[(int)c] - _dataUsed[(int)c]) >= (int)dataUnits;

    public void Use(TlpClass c, uint dataUnits)
    {
        Check.That(Allows(c, dataUnits));
        _headersUsed[(int)c]++;
        _dataUsed[(int)c] += dataUnits;
    }

    /// <summary>Takes new limits; an older record of them, overtaken on its way, changes nothing.</summary>
    public void Update(in CreditSet limits)
    {
        Raise(ref _headerLimit[(int)TlpClass.Posted], limits.PostedHeaders);
        Raise(ref _dataLimit[(int)TlpClass.Posted], limits.PostedData);
        Raise(ref _headerLimit[(int)TlpClass.NonPosted], limits.NonPostedHeaders);
        Raise(ref _dataLimit[(int)TlpClass.NonPosted], limits.NonPostedData);
        Raise(ref _headerLimit[(int)TlpClass.Completion], limits.CompletionHeaders);
        Raise(ref _dataLimit[(int)TlpClass.Completion], limits.CompletionData);
    }

    private static void Raise(ref uint limit, uint to)
    {
        if ((int)(to - limit) > 0)
        {
            limit = to;
        }
    }
}
