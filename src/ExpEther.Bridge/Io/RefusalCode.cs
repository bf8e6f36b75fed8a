namespace ExpEther.Bridge.Io;

/// <summary>Codes of refused commands; part of the control protocol.</summary>
public static class RefusalCode
{
    public const string NoSuchFunction = "no-such-function";

    /// <summary>A physical function is the I/O bridge's own while its virtual functions are shared.</summary>
    public const string PhysicalFunction = "physical-function";
    public const string NoSuchHost = "no-such-host";
    public const string AlreadyOwned = "already-owned";
    public const string NotOwned = "not-owned";
    public const string HostNotConnected = "host-not-connected";
    public const string Busy = "busy";

    /// <summary>The host bridge answered that it cannot take the function.</summary>
    public const string HostRefused = "host-refused";

    /// <summary>The host's link went down while the sequence ran.</summary>
    public const string LinkDown = "link-down";

    /// <summary>The device did not come up, or does not answer.</summary>
    public const string DeviceFailed = "device-failed";
    public const string NotStarted = "not-started";

    /// <summary>Ownership could not be made durable.</summary>
    public const string NotRecorded = "not-recorded";
}
