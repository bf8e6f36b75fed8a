namespace ExpEther.Nvme.Protocol;

/// <summary>Log page identifiers (NVMe 1.4 figure 191).</summary>
public enum LogPageId : byte
{
    ErrorInformation = 0x01,
    Smart = 0x02,
    FirmwareSlot = 0x03,
    ChangedNamespaceList = 0x04,
    CommandsSupportedAndEffects = 0x05,
}
