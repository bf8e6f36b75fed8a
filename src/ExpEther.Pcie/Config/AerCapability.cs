#pragma warning disable CA1822, IDE0060, CA1801, CS9113
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Config;

/// <summary>Advanced error reporting of one function (PCIe 5.0 §6.2, §7.8.4).</summary>
public sealed class AerCapability
{
    internal AerCapability()
    {
    }

    public int Offset => throw new NotImplementedException();

    /// <summary>Records an error: status bit, header log and first error pointer, Device Status.</summary>
    /// <param name="error">Which.</param>
    /// <param name="header">The offending TLP, from its first byte; empty when there is none.</param>
    /// <param name="advisory">A non-fatal error that another agent will handle (§6.2.3.2.4), such as UR for a non-posted request.</param>
    /// <returns>The error message to send, if software enabled it.</returns>
    public MessageCode? Report(UncorrectableError error, ReadOnlySpan<byte> header, bool advisory = false) => throw new NotImplementedException();

    public MessageCode? Report(CorrectableError error) => throw new NotImplementedException();
}
