namespace ExpEther.Nvme.Protocol;

/// <summary>
/// A completion's Status Field without its phase bit (NVMe 1.4 §4.6.1): SC (7:0), SCT (10:8), CRD (12:11), More (13), Do Not Retry (14).
/// The statuses named here carry the DNR bit where the same command would fail again.
/// </summary>
public readonly record struct NvmeStatus(ushort Value)
{
    public const ushort DoNotRetryBit = 0x4000;
    public const ushort MoreBit = 0x2000;

    public static readonly NvmeStatus Success;

    public static readonly NvmeStatus InvalidCommandOpcode = Final(StatusCodeType.Generic, 0x01);
    public static readonly NvmeStatus InvalidField = Final(StatusCodeType.Generic, 0x02);
    public static readonly NvmeStatus CommandIdConflict = Final(StatusCodeType.Generic, 0x03);
    public static readonly NvmeStatus DataTransferError = new(StatusCodeType.Generic, 0x04);
    public static readonly NvmeStatus InternalError = new(StatusCodeType.Generic, 0x06);
    public static readonly NvmeStatus CommandAbortRequested = new(StatusCodeType.Generic, 0x07);
    public static readonly NvmeStatus AbortedSubmissionQueueDeletion = new(StatusCodeType.Generic, 0x08);
    public static readonly NvmeStatus InvalidNamespaceOrFormat = Final(StatusCodeType.Generic, 0x0B);
    public static readonly NvmeStatus CommandSequenceError = Final(StatusCodeType.Generic, 0x0C);
    public static readonly NvmeStatus PrpOffsetInvalid = Final(StatusCodeType.Generic, 0x13);
    public static readonly NvmeStatus NamespaceIsWriteProtected = Final(StatusCodeType.Generic, 0x20);
    public static readonly NvmeStatus LbaOutOfRange = Final(StatusCodeType.Generic, 0x80);
    public static readonly NvmeStatus CapacityExceeded = Final(StatusCodeType.Generic, 0x81);

    public static readonly NvmeStatus CompletionQueueInvalid = Final(StatusCodeType.CommandSpecific, 0x00);
    public static readonly NvmeStatus InvalidQueueIdentifier = Final(StatusCodeType.CommandSpecific, 0x01);
    public static readonly NvmeStatus InvalidQueueSize = Final(StatusCodeType.CommandSpecific, 0x02);
    public static readonly NvmeStatus AbortCommandLimitExceeded = new(StatusCodeType.CommandSpecific, 0x03);
    public static readonly NvmeStatus AsynchronousEventRequestLimitExceeded = Final(StatusCodeType.CommandSpecific, 0x05);
    public static readonly NvmeStatus InvalidInterruptVector = Final(StatusCodeType.CommandSpecific, 0x08);
    public static readonly NvmeStatus InvalidLogPage = Final(StatusCodeType.CommandSpecific, 0x09);
    public static readonly NvmeStatus InvalidQueueDeletion = Final(StatusCodeType.CommandSpecific, 0x0C);
    public static readonly NvmeStatus FeatureIdentifierNotSaveable = Final(StatusCodeType.CommandSpecific, 0x0D);
    public static readonly NvmeStatus FeatureNotChangeable = Final(StatusCodeType.CommandSpecific, 0x0E);
    public static readonly NvmeStatus FeatureNotNamespaceSpecific = Final(StatusCodeType.CommandSpecific, 0x0F);
    public static readonly NvmeStatus InvalidFormat = Final(StatusCodeType.CommandSpecific, 0x0A);
    public static readonly NvmeStatus ThinProvisioningNotSupported = Final(StatusCodeType.CommandSpecific, 0x1B);
    public static readonly NvmeStatus NamespaceInsufficientCapacity = Final(StatusCodeType.CommandSpecific, 0x15);
    public static readonly NvmeStatus NamespaceIdentifierUnavailable = Final(StatusCodeType.CommandSpecific, 0x16);
    public static readonly NvmeStatus NamespaceAlreadyAttached = Final(StatusCodeType.CommandSpecific, 0x18);
    public static readonly NvmeStatus NamespaceIsPrivate = Final(StatusCodeType.CommandSpecific, 0x19);
    public static readonly NvmeStatus NamespaceNotAttached = Final(StatusCodeType.CommandSpecific, 0x1A);
    public static readonly NvmeStatus ControllerListInvalid = Final(StatusCodeType.CommandSpecific, 0x1C);
    public static readonly NvmeStatus InvalidControllerIdentifier = Final(StatusCodeType.CommandSpecific, 0x1F);
    public static readonly NvmeStatus InvalidSecondaryControllerState = Final(StatusCodeType.CommandSpecific, 0x20);
    public static readonly NvmeStatus InvalidNumberOfControllerResources = Final(StatusCodeType.CommandSpecific, 0x21);
    public static readonly NvmeStatus InvalidResourceIdentifier = Final(StatusCodeType.CommandSpecific, 0x22);
    public static readonly NvmeStatus ConflictingAttributes = Final(StatusCodeType.CommandSpecific, 0x80);
    public static readonly NvmeStatus InvalidProtectionInformation = Final(StatusCodeType.CommandSpecific, 0x81);
    public static readonly NvmeStatus AttemptedWriteToReadOnlyRange = Final(StatusCodeType.CommandSpecific, 0x82);

    public static readonly NvmeStatus WriteFault = new(StatusCodeType.MediaAndDataIntegrity, 0x80);
    public static readonly NvmeStatus UnrecoveredReadError = new(StatusCodeType.MediaAndDataIntegrity, 0x81);
    public static readonly NvmeStatus CompareFailure = Final(StatusCodeType.MediaAndDataIntegrity, 0x85);

    public NvmeStatus(StatusCodeType type, byte code)
        : this((ushort)(((int)type << 8) | code))
    {
    }

    public byte Code => (byte)Value;

    public StatusCodeType Type => (StatusCodeType)((Value >> 8) & 7);

    public bool IsSuccess => (Value & 0x7FF) == 0;

    public bool DoNotRetry => (Value & DoNotRetryBit) != 0;

    /// <summary>There is an entry for it in the Error Information log.</summary>
    public bool More => (Value & MoreBit) != 0;

    /// <summary>The same status, whatever its retry hints and More bit say.</summary>
    public bool Is(NvmeStatus other) => ((Value ^ other.Value) & 0x7FF) == 0;

    public NvmeStatus WithMore() => new((ushort)(Value | MoreBit));

    public override string ToString() => $"sct {(int)Type:x} sc {Code:x2}{(DoNotRetry ? " dnr" : "")}";

    private static NvmeStatus Final(StatusCodeType type, byte code) => new((ushort)(((int)type << 8) | code | DoNotRetryBit));
}
