namespace ExpEther.Daemon.Keeping;

/// <summary>What a bridge and its keeper tell each other.</summary>
internal enum KeeperMessageKind : ushort
{
    /// <summary>Bridge: I am this process. Descriptor: its pidfd.</summary>
    Hello = 1,

    /// <summary>Keeper: you are the one. Number: connections of earlier bridges that are still served.</summary>
    Welcome = 2,

    /// <summary>Bridge: a client has connected. Descriptors: the connection, its journal.</summary>
    Hold = 3,

    /// <summary>Bridge: a connection has ended, or a socket is listened on no more.</summary>
    Release = 4,

    /// <summary>Bridge: go on with a connection, now.</summary>
    GoOn = 5,

    /// <summary>Bridge: a socket is listened on. Name: its path. Descriptor: the socket.</summary>
    HoldListener = 6,

    /// <summary>Keeper, before <see cref="Welcome"/>: an earlier bridge listened on this socket. Name: its path. Descriptor: the socket.</summary>
    Listener = 7,
}
