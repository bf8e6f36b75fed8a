namespace ExpEther.Nvme.Protocol;

/// <summary>CSTS.SHST (NVMe 1.4 §3.1.6).</summary>
public enum ShutdownStatus : byte
{
    Normal = 0,
    Occurring = 1,
    Complete = 2,
}
