using ExpEther.Bridge.Diagnosis;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Wire;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Boxes that ask for a link and cannot have one: another key, another version, or sealed against unsealed. Anybody can send such frames, so the table is
/// small, one that falls silent makes room, and no more is reported in a while than an operator would read.
/// </summary>
internal sealed class MisfitTable(HostBridgeOptions options, IEventSink events)
{
    /// <summary>Set-up frames before that counts; a box repeats its own at least every two seconds.</summary>
    private const int FramesMin = 3;

    private readonly Dictionary<MacAddress, Misfit> _byMac = [];
    private Instant _reportsUntil;
    private int _reports;

    /// <summary>Those heard lately, with what is the matter.</summary>
    public IEnumerable<(MacAddress Mac, SetupTrouble Trouble)> At(Instant now) => _byMac
        .Where(m => m.Value.Frames >= FramesMin && now - m.Value.LastHeard < HostBridgeLimits.MisfitLife)
        .Select(m => (m.Key, m.Value.Trouble));

    /// <summary>A set-up frame for this bridge that it cannot open. Others are ignored.</summary>
    public void OnFrame(in ReceivedFrame frame, Instant now)
    {
        var error = FrameHeader.TryParse(frame.Payload, out var header);
        if (error != FrameError.WrongVersion && (error != FrameError.None || header.Type is not (FrameType.Hello or FrameType.Init)))
        {
            return;
        }

        var trouble = error == FrameError.WrongVersion ? SetupTrouble.VersionDiffers
            : (header.Flags & FrameFlags.Sealed) != 0 != options.Sealed ? SetupTrouble.SealDiffers : SetupTrouble.KeyDiffers;
        if (!_byMac.TryGetValue(frame.Source, out var misfit) || now - misfit.LastHeard >= HostBridgeLimits.MisfitLife)
        {
            if (misfit is null && _byMac.Count == HostBridgeLimits.MisfitsMax && !TryForgetOne(now))
            {
                return;
            }

            _byMac[frame.Source] = misfit = new Misfit();
        }

        misfit.Frames = misfit.Trouble == trouble ? misfit.Frames + 1 : 1;
        misfit.Trouble = trouble;
        misfit.LastHeard = now;
        var bit = 1 << (int)trouble;
        if (misfit.Frames >= FramesMin && (misfit.Told & bit) == 0 && MayReport(now))
        {
            misfit.Told |= bit;
            events.Report(EventSeverity.Warning, options.Name, SetupTroubleText.Of(trouble, $"box {frame.Source}", options.Sealed));
        }
    }

    /// <summary>It fits now.</summary>
    public void Forget(MacAddress mac) => _byMac.Remove(mac);

    public void Clear() => _byMac.Clear();

    /// <summary>A box repeats its set-up, so one that has just been heard keeps its place: forged frames push no genuine misfit out.</summary>
    private bool TryForgetOne(Instant now)
    {
        var (mac, oldest) = _byMac.MinBy(m => m.Value.LastHeard.Nanoseconds);
        return now - oldest.LastHeard >= HostBridgeLimits.MisfitHold && _byMac.Remove(mac);
    }

    private bool MayReport(Instant now)
    {
        if (now >= _reportsUntil)
        {
            _reportsUntil = now + HostBridgeLimits.MisfitLife;
            _reports = 0;
        }

        return _reports++ < HostBridgeLimits.MisfitReportsMax;
    }

    private sealed class Misfit
    {
        public SetupTrouble Trouble { get; set; }

        public int Frames { get; set; }

        public int Told { get; set; }

        public Instant LastHeard { get; set; }
    }
}
