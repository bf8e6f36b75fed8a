#pragma warning disable CA1822, IDE0060
namespace ExpEther.Pcie.Config;

/// <summary>The MSI-X table and pending bits as memory in a BAR (PCIe 5.0 §7.7.2, §6.1.4).</summary>
public sealed class MsixTable(EndpointConfig config)
{
    public int Vectors { get; } = config.MsixVectors;

    /// <summary>16 bytes per vector.</summary>
    public int TableBytes => Vectors * 16;

    /// <summary>8 bytes per 64 vectors.</summary>
    public int PbaBytes => (Vectors + 63) / 64 * 8;

    /// <param name="offset">From the table's start, DW aligned, below <see cref="TableBytes"/>.</param>
    public uint ReadTable(int offset) => throw new NotImplementedException();

    public void WriteTable(int offset, uint value, int enables = 0xF) => throw new NotImplementedException();

    /// <param name="offset">From the PBA's start, DW aligned, below <see cref="PbaBytes"/>.</param>
    public uint ReadPba(int offset) => throw new NotImplementedException();

    /// <summary>Raises a vector: says whether to send the memory write (address, data) now.</summary>
    public MsixOutcome TryRaise(int vector, out ulong address, out uint data) => throw new NotImplementedException();

    /// <summary>After an unmask (table or function mask): the next pending message that may be sent now. Call until false; cheap when none is pending.</summary>
    public bool TryTakePending(out ulong address, out uint data) => throw new NotImplementedException();

    /// <summary>All vectors masked and zero, nothing pending.</summary>
    public void Reset() => throw new NotImplementedException();
}
