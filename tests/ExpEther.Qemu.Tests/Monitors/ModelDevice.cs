namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>A vfio-user-pci device of a <see cref="QemuModel"/>.</summary>
internal sealed record ModelDevice(string? Id, string Bus, VfioUserClient Client)
{
    public bool IsUnplugPending { get; set; }
}
