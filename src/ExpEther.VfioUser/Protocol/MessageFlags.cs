namespace ExpEther.VfioUser.Protocol;

/// <summary>Flags of a header (vfio-user specification, "Header"). The lowest four bits are the type: 0 a command, 1 a reply.</summary>
[Flags]
internal enum MessageFlags : uint
{
    Command = 0,
    Reply = 1,
    TypeMask = 0xF,
    NoReply = 0x10,
    Error = 0x20,
}
