#pragma warning disable CA1822
namespace ExpEther.Pcie.Config;

/// <summary>MSI with one vector and a 64-bit address (PCIe 5.0 §7.7.1), as a port has it for hot-plug and errors.</summary>
public sealed class MsiCapability
{
    internal MsiCapability()
    {
    }

    public bool Enabled => throw new NotImplementedException();

    public ulong Address => throw new NotImplementedException();

    public uint Data => throw new NotImplementedException();
}
