namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Byte offsets of fields in the queue commands, for the Error Information log.</summary>
internal static class QueueFields
{
    public const ushort Prp1 = 24;
    public const ushort Id = 40;
    public const ushort Size = 42;
    public const ushort Flags = 44;
    public const ushort Vector = 46;
    public const ushort CompletionQueue = 46;
}
