namespace ExpEther.Pcie.Config;

/// <summary>Device/Port Type field of the PCIe capability (PCIe 5.0 §7.5.3.2).</summary>
public enum PortType
{
    Endpoint = 0,
    RootPort = 4,
    UpstreamPort = 5,
    DownstreamPort = 6,
}
