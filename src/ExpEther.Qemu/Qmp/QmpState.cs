namespace ExpEther.Qemu.Qmp;

internal enum QmpState
{
    /// <summary>Nobody is there; tries again at a time.</summary>
    Away,

    /// <summary>Connected; QEMU has not greeted yet.</summary>
    Greeting,

    /// <summary>The first commands are on their way.</summary>
    Negotiating,

    Ready,
}
