namespace ExpEther.Linux.Sockets;

/// <summary>Who is at the other end of a UNIX socket, as the kernel noted it at connect (SO_PEERCRED).</summary>
public readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId);
