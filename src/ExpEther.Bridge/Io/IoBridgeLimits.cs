using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Io;

/// <summary>Every table, queue and wait of an I/O bridge has its bound here.</summary>
public static class IoBridgeLimits
{
    /// <summary>Each has a Host_IO of its own: eight buses of 32 devices.</summary>
    public const int HostsMax = 256;

    /// <summary>Requester IDs of one host seen in one epoch: function numbers of its Host_IO.</summary>
    public const int HostRequestersMax = 8;

    public const int DevicesMax = 64;

    /// <summary>Functions of a device that is used as it is: function numbers of device 0.</summary>
    public const int FunctionsPerDeviceMax = 8;

    /// <summary>Virtual functions of a device that is shared.</summary>
    public const int VirtualFunctionsPerDeviceMax = ConfigLimits.VirtualFunctionsMax;

    /// <summary>Functions that ever come to one running bridge: all numbers that a link's records can carry.</summary>
    public const int FunctionNumbersMax = ushort.MaxValue + 1;

    /// <summary>Host bridges that announce themselves and are not configured here.</summary>
    public const int StrangersMax = 64;

    /// <summary>Non-posted requests of hosts that one function has not answered.</summary>
    public const int HostRequestsPerFunctionMax = 1024;

    /// <summary>DMA reads and atomics of one function that its owner has not answered: all 10-bit tags.</summary>
    public const int DmaRequestsPerFunctionMax = Tag.CountOf10Bit;

    /// <summary>The I/O bridge's own configuration requests: an 8-bit tag each.</summary>
    public const int ConfigRequestsMax = Tag.CountOf8Bit;

    /// <summary>Configuration requests of a host that wait for their function's device.</summary>
    public const int ConfigWaitingPerFunctionMax = 256;

    /// <summary>Completions and messages made here that wait for room on one host's link.</summary>
    public const int RepliesPerHostMax = 1024;

    public const int ReplyBytesMax = TlpLimits.HeaderBytesMax + 4 + TlpLimits.DigestBytes;

    /// <summary>Control messages that wait for room on one host's link.</summary>
    public const int ControlsPerHostMax = 1024;

    /// <summary>TLPs of one function taken from its device and held while its owner's link has no room.</summary>
    public const int HeldTlpsPerFunctionMax = 64;

    /// <summary>
    /// How long a function of a shared device that holds back all it may, and of which its owner's link takes nothing, keeps its siblings
    /// waiting before it is fenced: longer than a path that is alive takes nothing, shorter than hosts wait for a completion.
    /// </summary>
    public static readonly TimeSpan HeldTimeMax = TimeSpan.FromMilliseconds(500);

    /// <summary>TLPs taken from one device at one turn.</summary>
    public const int TlpsPerDeviceAndTurnMax = 64;

    /// <summary>Frames taken from one link before the next link has its turn.</summary>
    public const int FramesPerLinkAndTurnMax = 16;

    /// <summary>Capabilities looked at in one chain.</summary>
    public const int VendorCapabilitiesMax = 8;

    /// <summary>PCIe 5.0 §6.6.2: a function level reset is over after this.</summary>
    public static readonly TimeSpan FunctionLevelResetTime = TimeSpan.FromMilliseconds(100);

    /// <summary>PCIe 5.0 §9.3.3.3.1: virtual functions are not looked at sooner after VF Enable is set.</summary>
    public static readonly TimeSpan VfEnableTime = TimeSpan.FromMilliseconds(100);

    /// <summary>PCIe 5.0 §9.3.3.3.1: nothing of the SR-IOV capability is changed sooner after VF Enable is cleared.</summary>
    public static readonly TimeSpan VfDisableTime = TimeSpan.FromSeconds(1);

    /// <summary>How long a function may answer "configuration request retry" after a reset (PCIe 5.0 §6.6.1: 1 s).</summary>
    public static readonly TimeSpan ConfigRetryTimeout = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan ConfigRetryPause = TimeSpan.FromMilliseconds(10);

    /// <summary>A host bridge that was not heard announcing itself for this long does so no more; it does about every second.</summary>
    public static readonly TimeSpan AnnouncementLife = TimeSpan.FromSeconds(10);

    /// <summary>How often the bridge looks at why a link does not come up, and at what has grown old.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Memory of the I/O bridge's own that one physical function sees: an admin queue and a few pages.</summary>
    public const int PhysicalFunctionMemoryBytes = 1 << 20;

    /// <summary>Private namespaces of the whole box whose owners are kept.</summary>
    public const int NamespaceRecordsMax = 4096;

    /// <summary>A sequence that waits for another at the same physical function looks again after this at the latest.</summary>
    public static readonly TimeSpan GateLookAgain = TimeSpan.FromSeconds(1);

    /// <summary>How long a device may take to answer the requests that were on their way when it is quieted.</summary>
    public static readonly TimeSpan HostDrainTime = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a reset that its host asked for waits for the host's answers to earlier DMA.</summary>
    public static readonly TimeSpan DmaDrainTime = TimeSpan.FromSeconds(5);

    /// <summary>How long a function waits for the guest that it follows after its owner said so last, which it does every ten seconds.</summary>
    public static readonly TimeSpan FollowMarkLife = TimeSpan.FromSeconds(60);

    /// <summary>Each costs a look at all functions.</summary>
    public const int GuestNewsPerHostAndSecondMax = 8;

    /// <summary>Low bits of a generation that count assignments; the incarnation is above them.</summary>
    public const int GenerationCounterBits = 21;

    public const uint GenerationCounterMax = (1 << GenerationCounterBits) - 1;

    /// <summary>How long a record of ownership may take to become durable.</summary>
    public static readonly TimeSpan RecordTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a function that its owner did not bring up stays hidden before it is shown again; it doubles each time.</summary>
    public static readonly TimeSpan PresentAgainPauseMin = TimeSpan.FromSeconds(1);

    public const int PresentAgainDoublingsMax = 5;

    /// <summary>How long a forced command waits for the sequence at work to end.</summary>
    public static readonly TimeSpan HurryTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a function waits for those before it when a host's link comes up: longer than their resets and records may take, so that one is passed
    /// only if something never ends.
    /// </summary>
    public static readonly TimeSpan PresentOrderTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How often a pending record is looked at.</summary>
    public static readonly TimeSpan RecordPollInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>At most one report per function in this time; the counters have them all.</summary>
    public static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a host has to say how it goes with a function that its virtual machine's monitor was asked to take: longer than the monitor has.
    /// </summary>
    public static readonly TimeSpan AskedTimeout = GuestLimits.PlugTimeout + TimeSpan.FromSeconds(10);
}
