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
}
