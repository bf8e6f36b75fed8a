namespace ExpEther.VfioUser;

/// <summary>Every bound of this project.</summary>
public static class VfioUserLimits
{
    /// <summary>
    /// Data of one message, ours and the client's (max_data_xfer_size): configuration space in one read, and the largest TLP's payload. QEMU's
    /// accesses are of at most 8 bytes but for that one read.
    /// </summary>
    public const int TransferBytesMax = 4096;

    /// <summary>A whole message: header, address and count, data.</summary>
    public const int MessageBytesMax = 32 + TransferBytesMax;

    /// <summary>Received and not yet looked at; past it the socket pushes back.</summary>
    public const int IncomingBytesMax = 64 * 1024;

    /// <summary>Replies that wait for the client to read, or for the device to answer: past it no further request is looked at.</summary>
    public const int ReplyBytesMax = 128 * 1024;

    /// <summary>All that waits for the client to read: replies and what we ask or tell it.</summary>
    public const int OutgoingBytesMax = 256 * 1024;

    /// <summary>Requests that the device has not answered yet.</summary>
    public const int RequestsMax = 256;

    /// <summary>Requests that are owed a reply: the device's, and those whose reply waits for the client to read. Past it none is looked at.</summary>
    public const int OwedRepliesMax = 2 * RequestsMax;

    /// <summary>Former clients of one server that still have a connection, and are told that their device is absent.</summary>
    public const int AbsentSessionsMax = 4;

    /// <summary>Messages of one client looked at in one turn of the owner loop, so that others have theirs.</summary>
    public const int MessagesPerPollMax = 64;

    /// <summary>Connections taken in one turn.</summary>
    public const int AcceptsPerPollMax = 8;

    /// <summary>Descriptors of one message (max_msg_fds).</summary>
    public const int DescriptorsMax = Linux.LinuxLimits.ReceivedDescriptorsMax;

    /// <summary>Ranges of memory mapped at once (max_dma_maps).</summary>
    public const int MemoryRangesMax = 65535;

    /// <summary>Different files among them.</summary>
    public const int MemoryFilesMax = 64;

    /// <summary>Their bytes in all: address space is the process's, shared with other clients.</summary>
    public const ulong MemoryFileBytesMax = 1UL << 42;

    /// <summary>The page size of maps (pgsizes); addresses, sizes and offsets are multiples of it. No TLP crosses one (PCIe 5.0 §2.2.7).</summary>
    public const ulong PageBytes = 4096;

    /// <summary>Troubles of one client that are kept in words.</summary>
    public const int TroublesMax = 8;

    /// <summary>Reads of the client's memory that wait for it.</summary>
    public const int AskedReadsMax = 64;

    /// <summary>Interrupt vectors of one kind; MSI-X has at most so many (PCIe 5.0 §7.7.2).</summary>
    public const int InterruptVectorsMax = 2048;

    /// <summary>Regions that VFIO numbers for PCI devices (linux/vfio.h: VFIO_PCI_NUM_REGIONS).</summary>
    public const int RegionsMax = 9;

    /// <summary>Kinds of interrupts (linux/vfio.h: VFIO_PCI_NUM_IRQS).</summary>
    public const int InterruptKindsMax = 5;

    /// <summary>From connecting to a whole VERSION message.</summary>
    public static readonly TimeSpan VersionTimeout = TimeSpan.FromSeconds(5);

    /// <summary>From the first byte of a message to its last.</summary>
    public static readonly TimeSpan HalfMessageTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a client may read nothing while something waits for it.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long the device may have no room for an access; longer than a link takes to be declared dead (20 s).</summary>
    public static readonly TimeSpan NoRoomTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long a client may take to answer a read of its memory; then the read has failed.</summary>
    public static readonly TimeSpan AskedReadTimeout = TimeSpan.FromSeconds(10);
}
