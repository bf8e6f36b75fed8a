namespace ExpEther.Nvme.Protocol;

/// <summary>CC.SHN (NVMe 1.4 §3.1.5).</summary>
public enum ShutdownNotification : byte
{
    None = 0,
    Normal = 1,
    Abrupt = 2,
    Reserved = 3,
}
