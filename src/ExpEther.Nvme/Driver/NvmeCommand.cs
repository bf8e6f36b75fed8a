using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>A command before it is in a queue: the fields of its submission entry that this driver uses.</summary>
/// <param name="Opcode">Admin or NVM command set.</param>
/// <param name="Namespace">NSID.</param>
/// <param name="Prp1">First data pointer.</param>
/// <param name="Prp2">Second data pointer, or list.</param>
/// <param name="Dw10">Command specific.</param>
/// <param name="Dw11">Command specific.</param>
/// <param name="Dw12">Command specific.</param>
internal readonly record struct NvmeCommand(
    byte Opcode, uint Namespace = 0, ulong Prp1 = 0, ulong Prp2 = 0, uint Dw10 = 0, uint Dw11 = 0, uint Dw12 = 0)
{
    public NvmeCommand(AdminOpcode opcode, uint nsid = 0, ulong prp1 = 0, uint dw10 = 0, uint dw11 = 0, uint dw12 = 0)
        : this((byte)opcode, nsid, prp1, 0, dw10, dw11, dw12)
    {
    }

    /// <summary>Writes the whole entry.</summary>
    public void Write(Span<byte> slot, ushort commandId)
    {
        slot.Clear();
        _ = new SubmissionEntry(slot)
        {
            Opcode = Opcode,
            CommandId = commandId,
            NamespaceId = Namespace,
            Prp1 = Prp1,
            Prp2 = Prp2,
            Dw10 = Dw10,
            Dw11 = Dw11,
            Dw12 = Dw12,
        };
    }
}
