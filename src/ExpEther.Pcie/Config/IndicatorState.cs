namespace ExpEther.Pcie.Config;

/// <summary>Attention and Power Indicator Control (PCIe 5.0 §7.5.3.10).</summary>
public enum IndicatorState
{
    Reserved = 0,
    On = 1,
    Blink = 2,
    Off = 3,
}
