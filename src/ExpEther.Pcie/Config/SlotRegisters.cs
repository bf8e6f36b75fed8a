#pragma warning disable CA1822, IDE0060
namespace ExpEther.Pcie.Config;

/// <summary>Slot capability, control and status of a hot-plug port (PCIe 5.0 §7.5.3.9 to §7.5.3.11, §6.7).</summary>
public sealed class SlotRegisters
{
    internal SlotRegisters()
    {
    }

    /// <summary>Physical Slot Number.</summary>
    public int Number => throw new NotImplementedException();

    /// <summary>Power Controller Control: what software asked for.</summary>
    public bool PowerOn => throw new NotImplementedException();

    public IndicatorState AttentionIndicator => throw new NotImplementedException();

    public IndicatorState PowerIndicator => throw new NotImplementedException();

    public bool Presence => throw new NotImplementedException();

    public bool DataLinkActive => throw new NotImplementedException();

    /// <summary>True while an enabled event is unserved (level).</summary>
    public bool InterruptPending => throw new NotImplementedException();

    public void PressAttentionButton() => throw new NotImplementedException();

    public void SetPresence(bool present) => throw new NotImplementedException();

    public void SetDataLinkActive(bool active) => throw new NotImplementedException();

    /// <summary>True once per interrupt to send: at each change of <see cref="InterruptPending"/> from false to true (§6.7.3.4).</summary>
    public bool TryTakeInterrupt() => throw new NotImplementedException();
}
