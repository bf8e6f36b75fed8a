namespace ExpEther.Nvme.Protocol;

/// <summary>CNS of Identify (NVMe 1.4 figure 244).</summary>
public enum IdentifyCns : byte
{
    Namespace = 0x00,
    Controller = 0x01,
    ActiveNamespaceList = 0x02,
    NamespaceDescriptors = 0x03,
}
