using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>What Identify Controller told that the driver uses.</summary>
/// <param name="SerialNumber">Without padding.</param>
/// <param name="ModelNumber">Without padding.</param>
/// <param name="FirmwareRevision">Without padding.</param>
/// <param name="TransferBytesMax">From MDTS and the driver's own bound.</param>
/// <param name="AsyncEventRequests">How many may be posted.</param>
/// <param name="Commands">ONCS.</param>
internal sealed record IdentifiedController(
    string SerialNumber, string ModelNumber, string FirmwareRevision, int TransferBytesMax, int AsyncEventRequests,
    OptionalNvmCommands Commands)
{
    public static readonly IdentifiedController None = new(string.Empty, string.Empty, string.Empty, 0, 0, OptionalNvmCommands.None);

    /// <summary>SUBNQN: two disks of one NVM subsystem have the same.</summary>
    public string SubsystemNqn { get; init; } = "";

    /// <summary>CNTLID.</summary>
    public ushort ControllerId { get; init; }

    /// <summary>OACS.</summary>
    public OptionalAdminCommands AdminCommands { get; init; }

    public ExpEtherFeatures VendorFeatures { get; init; }

    /// <summary>TNVMCAP; 0 when it is not told.</summary>
    public ulong TotalBytes { get; init; }

    /// <summary>UNVMCAP.</summary>
    public ulong FreeBytes { get; init; }
}
