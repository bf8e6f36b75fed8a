using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>
/// The slots of all commands in the controller, with the 64 bytes of each. Queue and command identifier find a command by a hash table with
/// chains; a command that comes under an identifier in use is not in it.
/// </summary>
internal sealed class CommandTable
{
    private readonly CommandSlot[] _slots = new CommandSlot[ControllerLimits.CommandsMax];
    private readonly byte[] _entries = new byte[ControllerLimits.CommandsMax * NvmeSizes.SubmissionEntryBytes];
    private readonly SlotRing _free = new(ControllerLimits.CommandsMax);
    private readonly int[] _chains = new int[2 * ControllerLimits.CommandsMax];
    private readonly int[] _chained = new int[ControllerLimits.CommandsMax];

    public CommandTable()
    {
        Array.Fill(_chains, -1);
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
            ErrorLba = queue == 0 ? 0 : copy.StartingLba,
            Next = -1,
        };
        if (Find(queue, copy.CommandId) < 0)
        {
            ref var chain = ref _chains[ChainOf(queue, copy.CommandId)];
            _chained[index] = chain;
            chain = index;
            _slots[index].IsIndexed = true;
        }

        return ref _slots[index];
    }

    /// <summary>The identifier of a command that will get no completion entry may be used again.</summary>
    public void Forget(ref CommandSlot slot)
    {
        if (!slot.IsIndexed)
        {
            return;
        }

        slot.IsIndexed = false;
        ref var at = ref _chains[ChainOf(slot.SqId, slot.CommandId)];
        while (at != slot.Index)
        {
            at = ref _chained[at];
        }

        at = _chained[slot.Index];
    }

    public void Free(int index)
    {
        Check.That(_slots[index].State != SlotState.Free && _slots[index].Buffer == CommandSlot.NoBuffer);
        Forget(ref _slots[index]);
        _slots[index].State = SlotState.Free;
        _free.Push(index);
    }

    /// <summary>The command that has this identifier: its completion entry has not left. -1: none.</summary>
    public int Find(int queue, ushort commandId)
    {
        var index = _chains[ChainOf(queue, commandId)];
        while (index >= 0 && (_slots[index].SqId != queue || _slots[index].CommandId != commandId))
        {
            index = _chained[index];
        }

        return index;
    }

    private int ChainOf(int queue, ushort commandId) => (commandId + (queue * 61)) & (_chains.Length - 1);
}
