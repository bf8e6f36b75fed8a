namespace ExpEther.Nvme.Protocol;

/// <summary>CMIC of Identify Controller (NVMe 1.4 figure 247).</summary>
[Flags]
public enum MultiPathCapabilities : byte
{
    None = 0,
    SeveralPorts = 1 << 0,

    /// <summary>The NVM subsystem may have two or more controllers.</summary>
    SeveralControllers = 1 << 1,

    /// <summary>The controller is an SR-IOV virtual function's.</summary>
    VirtualFunction = 1 << 2,
}
