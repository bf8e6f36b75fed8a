using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Logs;

/// <summary>The Error Information log: the newest errors, newest first (NVMe 1.4 §5.14.1.1).</summary>
internal sealed class ErrorLog
{
    private readonly ErrorInformationEntry[] _entries = new ErrorInformationEntry[ControllerLimits.ErrorLogEntriesMax];

    /// <summary>Entries ever made.</summary>
    public ulong Count { get; private set; }

    public void Add(ushort queue, ushort commandId, NvmeStatus status, ushort location, ulong lba, uint namespaceId)
    {
        Count++;
        _entries[(Count - 1) % ControllerLimits.ErrorLogEntriesMax] =
            new ErrorInformationEntry(Count, queue, commandId, status, location, lba, namespaceId, 0);
    }

    public void Write(Span<byte> into)
    {
        for (var i = 0; i < ControllerLimits.ErrorLogEntriesMax && (ulong)i < Count; i++)
        {
            _entries[(Count - 1 - (ulong)i) % ControllerLimits.ErrorLogEntriesMax].Write(into[(i * ErrorInformationEntry.Bytes)..]);
        }
    }
}
