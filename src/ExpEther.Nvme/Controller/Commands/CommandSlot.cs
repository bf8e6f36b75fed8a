using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>A command from its fetch to its completion entry.</summary>
internal struct CommandSlot
{
    public const int NoBuffer = -1;

    public int Index;
    public SlotState State;

    /// <summary>Where the command is in its own sequence; 0 at the start. Each command class knows its stages.</summary>
    public int Stage;
    public byte Opcode;
    public ushort SqId;
    public ushort CommandId;
    public uint NamespaceId;

    /// <summary>Things that must end before the command runs again: a buffer, data reads, a backend request.</summary>
    public int Pending;
    public bool IsQueuedToRun;

    /// <summary>The table finds it by queue and command identifier.</summary>
    public bool IsIndexed;

    /// <summary>It has begun what is not undone: deletion of a queue, a change of namespaces.</summary>
    public bool CannotBeAborted;

    public NvmeStatus Status;
    public ushort ErrorLocation;

    /// <summary>Where on the namespace an error would be, for the Error Information log.</summary>
    public ulong ErrorLba;
    public uint Result;

    public int Buffer;
    public int BufferBytes;
    public int DataBytes;

    /// <summary>Bytes for which reads were issued, or that were sent.</summary>
    public int DataIssued;
    public int DataReadsInFlight;

    /// <summary>It has a turn among the data reads.</summary>
    public bool IsReadingData;
    public bool HasDataToSend;

    /// <summary>Where the command's blocks are in the backend, in bytes.</summary>
    public long TargetOffset;

    /// <summary>Which range of several is being worked on, and how many of its bytes have been handed to the backend.</summary>
    public int Range;
    public long RangeDone;

    public bool PrpPending;
    public int PrpCount;
    public int PrpNeeded;
    public int PrpReading;
    public ulong PrpListAddress;

    public BackendState Backend;
    public BlockOperation Operation;
    public long OffsetBytes;
    public int OperationBytes;

    /// <summary>Where in the buffer the backend reads or writes.</summary>
    public int OperationBufferOffset;

    /// <summary>Link of the list the slot is in: waiting for a backend, or for room in its completion queue.</summary>
    public int Next;
}
