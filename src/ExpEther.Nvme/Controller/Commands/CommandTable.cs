using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>The slots of all commands in the controller, with the 64 bytes of each.</summary>
internal sealed class CommandTable
{
    private readonly CommandSlot[] _slots = new CommandSlot[ControllerLimits.CommandsMax];
    private readonly byte[] _entries = new byte[ControllerLimits.CommandsMax * NvmeSizes.SubmissionEntryBytes];
    private readonly SlotRing _free = new(ControllerLimits.CommandsMax);

    public CommandTable()
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            _slots[i].Index = i;
            _free.Push(i);
        }
    }

    public int FreeCount => _free.Count;

    public ref CommandSlot this[int index] => ref _slots[index];

    /// <summary>The command of a slot.</summary>
    public SubmissionEntry Entry(int index) =>
        new(_entries.AsSpan(index * NvmeSizes.SubmissionEntryBytes, NvmeSizes.SubmissionEntryBytes));

    public ref CommandSlot Allocate(int queue, ReadOnlySpan<byte> entry)
    {
        var index = _free.Pop();
        var copy = Entry(index);
        entry.CopyTo(copy.Bytes);
        _slots[index] = new CommandSlot
        {
            Index = index,
            State = SlotState.Running,
            Opcode = copy.Opcode,
            SqId = (ushort)queue,
            CommandId = copy.CommandId,
            NamespaceId = copy.NamespaceId,
            Buffer = CommandSlot.NoBuffer,
            ErrorLocation = ErrorInformationEntry.None,
            Next = -1,
        };
        return ref _slots[index];
    }

    public void Free(int index)
    {
        Check.That(_slots[index].State != SlotState.Free && _slots[index].Buffer == CommandSlot.NoBuffer);
        _slots[index].State = SlotState.Free;
        _free.Push(index);
    }

    /// <summary>The command with this identifier that has not ended yet; -1: none.</summary>
    public int Find(int queue, ushort commandId)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].State is SlotState.Running or SlotState.Parked && _slots[i].SqId == queue && _slots[i].CommandId == commandId)
            {
                return i;
            }
        }

        return -1;
    }
}
