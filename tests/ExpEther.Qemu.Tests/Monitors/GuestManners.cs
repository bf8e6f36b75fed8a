namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>What a modelled guest does when it is asked to let go of a device.</summary>
internal enum GuestManners
{
    LetsGo,
    NeverAnswers,
    Refuses,
}
