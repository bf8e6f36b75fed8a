namespace ExpEther.Nvme.Protocol;

/// <summary>Asynchronous Event Type, completion DW0 2:0 (NVMe 1.4 figure 146).</summary>
public enum AsyncEventType : byte
{
    Error = 0,
    SmartHealth = 1,
    Notice = 2,
}
