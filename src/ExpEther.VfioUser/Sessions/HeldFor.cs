namespace ExpEther.VfioUser.Sessions;

/// <summary>Why a client's next message is not looked at.</summary>
internal enum HeldFor
{
    Nothing,

    /// <summary>The device cannot be described yet.</summary>
    Readiness,

    /// <summary>The device has no room for the access.</summary>
    DeviceRoom,

    /// <summary>Too many requests or replies wait already.</summary>
    Replies,

    /// <summary>The device is being reset.</summary>
    Reset,
}
