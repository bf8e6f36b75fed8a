namespace ExpEther.Nvme.Protocol;

/// <summary>What an Asynchronous Event Request completes with, in DW0 (NVMe 1.4 §5.2.1).</summary>
/// <param name="Type">Class of the event; one class is reported once until its log page is read.</param>
/// <param name="Information">Which event.</param>
/// <param name="LogPage">The page that tells more and re-arms the class.</param>
public readonly record struct AsyncEvent(AsyncEventType Type, byte Information, LogPageId LogPage)
{
    /// <summary>A doorbell that belongs to no queue was written.</summary>
    public static readonly AsyncEvent InvalidDoorbellRegister = new(AsyncEventType.Error, 0, LogPageId.ErrorInformation);

    /// <summary>A doorbell was written with a value outside its queue, or past its entries.</summary>
    public static readonly AsyncEvent InvalidDoorbellValue = new(AsyncEventType.Error, 1, LogPageId.ErrorInformation);

    /// <summary>The subsystem's reliability is compromised: what was written could not be kept, or nothing can be written any more.</summary>
    public static readonly AsyncEvent SubsystemReliability = new(AsyncEventType.SmartHealth, 0, LogPageId.Smart);

    /// <summary>The controller has failed and must be reset; Linux from 6.0 on does that at once, others when a command has timed out.</summary>
    public static readonly AsyncEvent PersistentInternalError = new(AsyncEventType.Error, 3, LogPageId.ErrorInformation);

    /// <summary>The composite temperature passed a threshold.</summary>
    public static readonly AsyncEvent TemperatureThreshold = new(AsyncEventType.SmartHealth, 1, LogPageId.Smart);

    /// <summary>A namespace appeared, went, or changed its attributes.</summary>
    public static readonly AsyncEvent NamespaceAttributeChanged = new(AsyncEventType.Notice, 0, LogPageId.ChangedNamespaceList);

    public static AsyncEvent FromResult(uint dw0) => new((AsyncEventType)(dw0 & 7), (byte)(dw0 >> 8), (LogPageId)(byte)(dw0 >> 16));

    public uint ToResult() => (uint)Type | ((uint)Information << 8) | ((uint)LogPage << 16);
}
