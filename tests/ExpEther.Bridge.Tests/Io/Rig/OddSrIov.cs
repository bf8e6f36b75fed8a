using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>
/// An SR-IOV device as unlike ours as the specification allows: first offset and stride change with NumVFs and ARI; a 64-bit prefetchable
/// and a 32-bit VF BAR; pages of 64 KB and more only; completes 8-bit tags only; a vendor capability with side effects; VFs that need time.
/// </summary>
internal sealed class OddSrIov : IPcieDevice
{
    public const int PageBytes = 0x1_0000;
    public const ushort VfDeviceId = 0x4243;

    private readonly SrIovDevice _device;
    private readonly bool _hasFlowControl;

    /// <param name="totalVfs">1 to 256.</param>
    /// <param name="hasFlowControl">Shows that it has flow control for each function.</param>
    /// <param name="flrCapable">VFs have function level reset.</param>
    /// <param name="routing">Another way of numbering.</param>
    public OddSrIov(int totalVfs = 6, bool hasFlowControl = false, bool flrCapable = true, Func<int, bool, VfRouting>? routing = null)
    {
        _hasFlowControl = hasFlowControl;
        var description = TestDevice.Plain with
        {
            MsixTable = new MsixLocation(3, 0),
            MsixPba = new MsixLocation(3, 0x800),
            Bars = [new BarDescription(0, 0x1000, true), new BarDescription(3, 0x1000)],
            Ari = true,
            SrIov = new SrIovDescription
            {
                TotalVfs = totalVfs,
                VfDeviceId = VfDeviceId,
                VfBars = [new BarDescription(0, 0x4000, Is64Bit: true, Prefetchable: true), new BarDescription(3, 0x1000)],
                SupportedPageSizes = 0x50,
                Routing = routing ?? ((numVfs, ari) => new VfRouting((ushort)(ari ? 5 + numVfs : 0x105), (ushort)(numVfs > 4 ? 0x47 : 3))),
            },
        };
        Physical = new OddFunction(new EndpointConfig(description));
        var vf = description with { Bars = [], SrIov = null, IsVirtualFunction = true, FlrCapable = flrCapable, SubsystemId = 9 };
        Vfs = [.. Enumerable.Range(1, totalVfs).Select(n => new OddFunction(new EndpointConfig(vf, Physical.Config, n)))];
        _device = new SrIovDevice(Physical, Vfs);
    }

    public OddFunction Physical { get; }

    public IReadOnlyList<OddFunction> Vfs { get; }

    public SrIovCapability SrIov => Physical.Config.SrIov!;

    public IFunctionFlowControl? FlowControl => _hasFlowControl ? _device : null;

    public Instant? NextDeadline => _device.NextDeadline;

    public int FundamentalResets { get; private set; }

    public OddFunction Vf(int number) => Vfs[number - 1];

    /// <summary>When VF Enable went on (true) and off.</summary>
    public List<(bool On, Instant At)> Enables { get; } = [];

    /// <summary>When VF 1 was first asked something after VF Enable last changed.</summary>
    public Instant? AskedAt { get; private set; }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        var (before, asked) = (SrIov.VfEnable, Vf(1).Asked);
        var accepted = _device.TryAccept(tlp, now);
        if (SrIov.VfEnable != before)
        {
            Enables.Add((!before, now));
            AskedAt = null;
        }
        else if (Vf(1).Asked > asked)
        {
            AskedAt ??= now;
        }

        return accepted;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => _device.TryTake(now, into, out length);

    public bool Poll(Instant now) => _device.Poll(now);

    public void Reset(Instant now)
    {
        FundamentalResets++;
        _device.Reset(now);
    }
}
