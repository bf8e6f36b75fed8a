#pragma warning disable CA1822, IDE0060, CA1801
namespace ExpEther.Pcie.Config;

/// <summary>An endpoint's configuration space: type 0 header, PM, PCIe, MSI-X, AER, and as described ARI, ACS, DSN.</summary>
public sealed class EndpointConfig
{
    public EndpointConfig(EndpointDescription description)
    {
        Description = description;
    }

    public EndpointDescription Description { get; }

    /// <summary>The bytes beneath, to add vendor capabilities before first use or to look closer.</summary>
    public ConfigSpace Space => throw new NotImplementedException();

    /// <summary>Bus, device and function as last captured; zero before (§2.2.6.2).</summary>
    public Rid Rid => throw new NotImplementedException();

    public bool BusMasterEnable => throw new NotImplementedException();

    public bool MemorySpaceEnable => throw new NotImplementedException();

    public int MsixVectors => Description.MsixVectors;

    public bool MsixEnabled => throw new NotImplementedException();

    public bool MsixFunctionMask => throw new NotImplementedException();

    /// <summary>Max_Payload_Size in bytes, as software set it.</summary>
    public int MaxPayloadBytes => throw new NotImplementedException();

    /// <summary>Max_Read_Request_Size in bytes, as software set it.</summary>
    public int MaxReadRequestBytes => throw new NotImplementedException();

    /// <summary>64 or 128.</summary>
    public int ReadCompletionBoundaryBytes => throw new NotImplementedException();

    /// <summary>10-Bit Tag Requester Enable.</summary>
    public bool Tag10BitEnabled => throw new NotImplementedException();

    /// <summary>Set by a write of 1 to Initiate Function Level Reset, until one of the resets.</summary>
    public bool FlrRequested => throw new NotImplementedException();

    /// <summary>Offset of the PCIe capability.</summary>
    public int PcieOffset => throw new NotImplementedException();

    /// <summary>Offset of the MSI-X capability; 0 without.</summary>
    public int MsixOffset => throw new NotImplementedException();

    public AerCapability Aer => throw new NotImplementedException();

    public uint Read(int register) => throw new NotImplementedException();

    public ConfigChange Write(int register, uint value, int enables = 0xF) => throw new NotImplementedException();

    /// <summary>Every completed type 0 configuration write tells the function its bus and device (§2.2.6.2).</summary>
    public void CaptureRid(Rid rid) => throw new NotImplementedException();

    /// <summary>The address software gave a BAR; both halves of a 64-bit one.</summary>
    public ulong BarAddress(int index) => throw new NotImplementedException();

    /// <summary>Which BAR a whole request falls into, while Memory Space Enable is set.</summary>
    public bool TryMatchBar(ulong address, int bytes, out int bar, out ulong offset) => throw new NotImplementedException();

    /// <summary>Fundamental reset: everything to power-on state, the captured RID too.</summary>
    public void Reset() => throw new NotImplementedException();

    /// <summary>What FLR does to these registers: all but the sticky ones and those of §6.6.2 go to their defaults.</summary>
    public void FunctionLevelReset() => throw new NotImplementedException();
}
