namespace ExpEther.Pcie.Tlp;

/// <summary>Flow-control credits that a TLP takes (PCIe 5.0 §2.6.1, table 2-44): one header credit, and one data credit per 16 bytes of payload.</summary>
public static class TlpCredits
{
    /// <summary>Bytes of payload per data credit.</summary>
    public const int DataUnitBytes = 16;

    public static int DataUnits(in TlpView tlp) => DataUnits(tlp.Payload.Length);

    public static int DataUnits(int payloadBytes) => (payloadBytes + DataUnitBytes - 1) / DataUnitBytes;
}
