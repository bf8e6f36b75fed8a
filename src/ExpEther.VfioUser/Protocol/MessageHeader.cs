using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>What every message begins with (vfio-user specification, "Header"); all numbers are in the machine's byte order.</summary>
/// <param name="Id">The sender's own; echoed in the reply. A receiver makes no assumption about it.</param>
/// <param name="Command">What is asked; echoed.</param>
/// <param name="Bytes">The whole message, this header with it.</param>
/// <param name="Flags">Type and attributes.</param>
/// <param name="Error">An errno in a reply whose Error flag is set.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct MessageHeader(ushort Id, VfioUserCommand Command, uint Bytes, MessageFlags Flags, Errno Error)
{
    public const int Size = 16;

    public MessageFlags Type => Flags & MessageFlags.TypeMask;

    public bool IsPosted => (Flags & MessageFlags.NoReply) != 0;

    public bool IsError => (Flags & MessageFlags.Error) != 0;

    /// <summary>False: not all of it is there yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MessageHeader header) => MemoryMarshal.TryRead(bytes, out header);

    /// <summary>Writes itself at the beginning of a message.</summary>
    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);

    /// <summary>The header of the reply with so much behind it.</summary>
    public MessageHeader Reply(int payloadBytes) => new(Id, Command, (uint)(Size + payloadBytes), MessageFlags.Reply, Errno.None);

    /// <summary>The header that is all of an error's reply.</summary>
    public MessageHeader Refusal(Errno error) => new(Id, Command, Size, MessageFlags.Reply | MessageFlags.Error, error);
}
