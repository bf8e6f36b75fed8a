using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Io.Status;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link.Taps;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// A function that a host can own: what it is, what its owner sees of it, and whose it is now. TLPs pass only while it
/// <see cref="IsOpen"/>; sequences open and close it, the traffic classes obey.
/// <para>
/// Two numbers guard against yesterday's TLPs. The generation names an assignment and travels with every TLP on the link. The era counts
/// the function's resets within the box, so that a host's answer to a request from before a reset is known as such even within one assignment.
/// </para>
/// </summary>
internal sealed class IoFunction(string name, BusDevice device, RealFunction real)
{
    private IoFunctionCounters _counters;
    private Instant _nextReport = Instant.Zero;

    public string Name { get; } = name;

    /// <summary>Its number on links; given when it joins the bridge.</summary>
    public ushort Number { get; set; }

    public BusDevice Device { get; } = device;

    public RealFunction Real { get; } = real;

    public Rid VfIo => Real.Rid;

    public VirtualConfigSpace Config { get; } = new(real);

    public VfWindows Windows => field ??= new VfWindows(Config.Endpoint, Real.Bars);

    /// <summary>Keyed by Host_IO and tag.</summary>
    public OutstandingRequests<HostRequest> HostRequests { get; } = new(IoBridgeLimits.HostRequestsPerFunctionMax);

    /// <summary>Keyed by VF_IO and tag.</summary>
    public OutstandingRequests<DmaRequest> DmaRequests { get; } = new(IoBridgeLimits.DmaRequestsPerFunctionMax);

    /// <summary>What it has sent and its owner's link has not taken.</summary>
    public FunctionOutput Output { get; } = new();

    /// <summary>Answers the owner's configuration requests; set once, when the function joins the bridge.</summary>
    public ConfigService ConfigRequests
    {
        get => field ?? throw new InvariantException("the function has not joined the bridge");
        set;
    }

    /// <summary>A function of a device that failed stays so, whatever a sequence that was at work on it wants.</summary>
    public FunctionState State
    {
        get;
        set => field = Device.Device.HasFailed ? FunctionState.Failed : value;
    } = FunctionState.Idle;

    public string Failure { get; set; } = "";

    /// <summary>A rule that is not kept for it.</summary>
    public BrokenRule Broken { get; set; }

    /// <summary>Why it was last not shown to its owner.</summary>
    public string Trouble { get; set; } = "";

    /// <summary>The sequence that is at work on it; null: none.</summary>
    public string? Busy { get; set; }

    /// <summary>The host that the sequence at work is to give it to; null: it gives it to none.</summary>
    public HostSession? Heir { get; set; }

    /// <summary>The host whose TLPs are let through; set while the function is presented.</summary>
    public HostSession? Session { get; set; }

    public ulong Generation { get; set; }

    public uint Era { get; set; } = 1;

    /// <summary>Bus Master Enable as the device has it. It goes on before and off after the device is told.</summary>
    public bool BusMaster { get; set; }

    /// <summary>The owner has let it master the bus in this assignment: a driver has taken it.</summary>
    public bool WasTaken { get; set; }

    /// <summary>The owner goes on with it in this assignment where an earlier one ended.</summary>
    public bool WasResumed { get; set; }

    /// <summary>Assignments in a row that the owner powered off without ever having taken the function.</summary>
    public int TimesNotTaken { get; set; }

    /// <summary>A forced command waits: the sequence at work waits for nobody any more.</summary>
    public bool Hurry { get; set; }

    /// <summary>The epoch of its owner's link in which it was last presented or tried to be: once in each.</summary>
    public uint TriedEpoch { get; set; }

    /// <summary>Reset, and not opened to any host since.</summary>
    public bool IsClean { get; set; }

    public bool IsResetting { get; set; }

    public Rid? HostH { get; set; }

    public Rid? VfHTold { get; set; }

    public int? Slot { get; set; }

    /// <summary>The slot in which its owner has it, or had it last; 0: none is known. It asks for the same one again.</summary>
    public ushort SlotBefore { get; set; }

    /// <summary>The slot in which its next owner has to put it; 0: any.</summary>
    public ushort SlotDemanded { get; set; }

    /// <summary>Why its owner did not take it, when <see cref="Answer"/> is Refused.</summary>
    public RefusalReason Refusal { get; set; }

    /// <summary>What its owner's side said of it in this assignment, for people; empty: nothing.</summary>
    public string Note { get; set; } = "";

    /// <summary>It waits in its slot for a host that is not there.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>The owner's monitor is there and was asked to take it: an answer comes, but may take its time.</summary>
    public bool IsAsked { get; set; }

    /// <summary>The owner's side said that it cannot show the function to its guest, and has not shown it since.</summary>
    public bool IsNotShown { get; set; }

    /// <summary>The guest that the function follows when the guest migrates, or null. <see cref="MarkAt"/> says whether the mark still holds.</summary>
    public FollowMark? Mark { get; set; }

    /// <summary>The owner's last word on this generation.</summary>
    public HostAnswer Answer { get; set; }

    public ref IoFunctionCounters Counters => ref _counters;

    public bool IsOpen => State is FunctionState.Presented or FunctionState.Releasing;

    /// <summary>What a tap on the device's side is told of a TLP of this function.</summary>
    public TlpPassage Passage(TlpDirection direction) => Session?.Link.Options is { } link
        ? new TlpPassage(TlpTapPoint.DeviceSide, direction, Number, Generation, link.Vlan, link.Peer, link.Local)
        : new TlpPassage(TlpTapPoint.DeviceSide, direction, Number, 0, default, default, default);

    /// <summary>True at most once per <see cref="IoBridgeLimits.ReportInterval"/>.</summary>
    public bool MayReport(Instant now)
    {
        if (now < _nextReport)
        {
            return false;
        }

        _nextReport = now + IoBridgeLimits.ReportInterval;
        return true;
    }

    /// <summary>Null: it follows no guest at this time.</summary>
    public FollowMark? MarkAt(Instant now) => Mark is { } mark && now < mark.Until ? mark : null;

    /// <summary>Lets a host's TLPs through from now on.</summary>
    public void Open(HostSession session, ulong generation)
    {
        Check.That(!IsOpen && HostRequests.Count == 0 && DmaRequests.Count == 0);
        Session = session;
        Generation = generation;
        State = FunctionState.Presented;
        IsClean = false;
        WasTaken = false;
        WasResumed = false;
        Answer = HostAnswer.None;
        (Note, IsNotShown, IsWaiting, IsAsked) = ("", false, false, false);
        Mark = null;
        HostH = null;
        VfHTold = null;
        Slot = null;
    }

    /// <summary>Lets nothing through from now on. What the owner still sends carries a generation that is over.</summary>
    public void Close(FunctionState state)
    {
        State = state;
        Session = null;
        BusMaster = false;
    }
}
