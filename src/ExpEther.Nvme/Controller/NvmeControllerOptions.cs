namespace ExpEther.Nvme.Controller;

/// <summary>What a controller is and has; fixed for its life.</summary>
public sealed record NvmeControllerOptions
{
    /// <summary>The name under which it reports events.</summary>
    public string Name { get; init; } = "nvme";

    /// <summary>
    /// Who makes the serial number unique: the I/O box's name. It goes into the UUIDs of the NVM subsystem and its namespaces, since a host
    /// refuses a second disk that has the same ones, and may well use two boxes whose disks are called alike.
    /// </summary>
    public string SerialNumberScope { get; init; } = "";

    /// <summary>Printable ASCII, at most 20 characters.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>
    /// Equal in two lives of the controller if its namespaces have in the second all that was told to be written in the first, flushed or not;
    /// else another number. A host goes on with a controller whose box was started again only if it is equal.
    /// </summary>
    public ulong Continuity { get; init; }

    /// <summary>Printable ASCII, at most 40 characters.</summary>
    public string ModelNumber { get; init; } = "ExpEther NVMe Controller";

    /// <summary>Printable ASCII, at most 8 characters.</summary>
    public string FirmwareRevision { get; init; } = "0.1";

    public required IReadOnlyList<NvmeNamespaceOptions> Namespaces { get; init; }

    /// <summary>I/O queue pairs, 1 to 64; there is an MSI-X vector for each and one for the admin queue.</summary>
    public int QueuePairsMax { get; init; } = 64;

    /// <summary>Entries of a queue, 2 to 65536.</summary>
    public int QueueEntriesMax { get; init; } = 1024;

    /// <summary>The largest transfer of a command (MDTS): a power of two, 4 KiB to 1 MiB.</summary>
    public int MaxDataTransferBytes { get; init; } = 256 * 1024;

    /// <summary>Memory for data in hand: a power of two, at least twice <see cref="MaxDataTransferBytes"/>.</summary>
    public int BufferPoolBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Max_Payload_Size supported, bytes.</summary>
    public int MaxPayloadSupported { get; init; } = 4096;

    /// <summary>
    /// How long a DMA read may take (PCIe 5.0 §2.8). Longer than a link may be silent, shorter than the 30 s that drivers give a command.
    /// </summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>PCI vendor ID, with <see cref="DeviceId"/>: not those of QEMU's own NVMe controller (0010h), for which Linux has quirks.</summary>
    public ushort VendorId { get; init; } = 0x1B36;

    public ushort DeviceId { get; init; } = 0x10E0;
}
