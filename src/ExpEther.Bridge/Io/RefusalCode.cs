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

    /// <summary>The function was given or taken since the caller looked.</summary>
    public const string GenerationChanged = "generation-changed";

    /// <summary>The host bridge answered that it cannot take the function.</summary>
    public const string HostRefused = "host-refused";

    /// <summary>The host's link went down while the sequence ran.</summary>
    public const string LinkDown = "link-down";

    /// <summary>The device did not come up, or does not answer.</summary>
    public const string DeviceFailed = "device-failed";
    public const string NotStarted = "not-started";

    /// <summary>Ownership could not be made durable.</summary>
    public const string NotRecorded = "not-recorded";

    public const string NoSuchDevice = "no-such-device";
    public const string NoSuchNamespace = "no-such-namespace";

    /// <summary>The device has no namespaces that could be managed.</summary>
    public const string NoNamespaces = "no-namespaces";

    /// <summary>The device, or the box, has no room for it.</summary>
    public const string NoCapacity = "no-capacity";

    /// <summary>A namespace that others see is not to be changed under them.</summary>
    public const string NamespaceInUse = "namespace-in-use";

    /// <summary>The device cannot do it at all.</summary>
    public const string NotSupported = "not-supported";

    /// <summary>A number is not possible.</summary>
    public const string OutOfRange = "out-of-range";

    /// <summary>The function's namespaces could not be shown as they must be, so that it was not given to its host.</summary>
    public const string NotPrepared = "not-prepared";
}
