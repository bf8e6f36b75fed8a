namespace ExpEther.Nvme.Protocol;

/// <summary>Feature identifiers (NVMe 1.4 figure 271).</summary>
public enum FeatureId : byte
{
    Arbitration = 0x01,
    PowerManagement = 0x02,
    LbaRangeType = 0x03,
    TemperatureThreshold = 0x04,
    ErrorRecovery = 0x05,
    VolatileWriteCache = 0x06,
    NumberOfQueues = 0x07,
    InterruptCoalescing = 0x08,
    InterruptVectorConfiguration = 0x09,
    WriteAtomicityNormal = 0x0A,
    AsynchronousEventConfiguration = 0x0B,
}
