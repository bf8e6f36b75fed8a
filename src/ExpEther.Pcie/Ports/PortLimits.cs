namespace ExpEther.Pcie.Ports;

/// <summary>Bounds of what devices are composed of.</summary>
public static class PortLimits
{
    /// <summary>Refusals of an SR-IOV device to requests that none of its functions is meant by: as many as 10-bit tags.</summary>
    public const int RefusalsMax = 1024;

    /// <summary>What a function may note for its next life.</summary>
    public const int ResumeNoteBytesMax = 256;
}
