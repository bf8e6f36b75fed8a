namespace ExpEther.Nvme.Protocol;

/// <summary>NIDT of a Namespace Identification Descriptor (NVMe 1.4 figure 249).</summary>
public enum NamespaceIdType : byte
{
    Eui64 = 1,
    Nguid = 2,
    Uuid = 3,
}
