using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu;

/// <summary>Every bound of this project.</summary>
public static class QemuLimits
{
    /// <summary>Slots of one guest: a switch has 32 downstream ports on a bus at most (5 bits of device number).</summary>
    public const int SlotsMax = 32;

    /// <summary>Of a line that QEMU sends. The longest answer asked for, query-pci of a machine full of bridges, has some 100 KiB.</summary>
    public const int QmpLineBytesMax = 1 << 20;

    /// <summary>Of what waits to be sent. A command has some hundred bytes.</summary>
    public const int QmpOutputBytesMax = 64 << 10;

    /// <summary>Read in one turn of the owner.</summary>
    public const int QmpTurnBytesMax = 64 << 10;

    /// <summary>Events that come before QEMU has answered the first questions.</summary>
    public const int QmpEarlyEventsMax = 64;

    /// <summary>Commands that wait for their answer.</summary>
    public const int QmpCallsMax = 128;

    /// <summary>Devices of QEMU that are looked at to find one that belongs to a slot.</summary>
    public const int DevicesMax = 1024;

    /// <summary>Entries of an MSI-X table (PCIe 5.0 §7.7.2.2).</summary>
    public const int MsixVectorsMax = 2048;

    /// <summary>
    /// Configuration reads on their way whose answer has to be changed. QEMU waits for each, so one per slot is the rule.
    /// </summary>
    public const int TrackedReadsMax = 64;

    /// <summary>Register writes that a client waits for, done but not answered yet.</summary>
    public const int EndedWritesMax = 64;

    /// <summary>Between attempts to reach QEMU's monitor: the first, doubled up to the second.</summary>
    public static readonly TimeSpan QmpRetryMin = TimeSpan.FromMilliseconds(250);

    public static readonly TimeSpan QmpRetryMax = TimeSpan.FromSeconds(2);

    /// <summary>
    /// For the greeting and the first answers. QEMU greets only once all devices of its command line are there, and each of those may take
    /// the 5 s that QEMU waits for a vfio-user server.
    /// </summary>
    public static readonly TimeSpan QmpGreetingTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Of commands that only look. QEMU answers nothing while a guest's access waits for us, a second at most.</summary>
    public static readonly TimeSpan QmpCommandTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Of device_add, within which QEMU asks the device some hundred questions.</summary>
    public static readonly TimeSpan DeviceAddTimeout = GuestLimits.PlugTimeout;

    /// <summary>How long a function waits to be shown to the guest before its slot is told how it went.</summary>
    public static readonly TimeSpan PlugTimeout = GuestLimits.PlugTimeout;

    /// <summary>How long a guest has to take a function into use before its box is told that it is plugged and nothing more.</summary>
    public static readonly TimeSpan GuestTakeTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Of a function level reset between two clients.</summary>
    public static readonly TimeSpan ResetTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Between attempts to begin one while another runs.</summary>
    public static readonly TimeSpan ResetRetry = TimeSpan.FromMilliseconds(20);

    /// <summary>Between attempts at what QEMU refused: the first, doubled up to the second.</summary>
    public static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    /// <summary>How long the news of a device's end may take longer by one of QEMU's sockets than by the other.</summary>
    public static readonly TimeSpan EjectGrace = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long functions of which a guest has let go wait for its migration to begin, and after it for the guest to be heard of at another host.
    /// </summary>
    public static readonly TimeSpan FollowTime = TimeSpan.FromSeconds(60);

    /// <summary>How often their boxes are told so: several times within a mark's life there (IoBridgeLimits.FollowMarkLife).</summary>
    public static readonly TimeSpan FollowTellInterval = TimeSpan.FromSeconds(10);

    /// <summary>How often boxes are told that a guest runs here, and how long there is between two times: longer together than between two marks.</summary>
    public const int GuestHereTimesMax = 10;

    public static readonly TimeSpan GuestHereInterval = TimeSpan.FromSeconds(3);

    /// <summary>Between two questions for the guest's bus numbers.</summary>
    public static readonly TimeSpan BusQueryInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often they are asked for by ourselves after a change, until a driver of the guest's has the device.</summary>
    public const int BusQueriesMax = 10;
}
