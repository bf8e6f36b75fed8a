namespace ExpEther.Nvme.Protocol;

/// <summary>CSTS (NVMe 1.4 §3.1.6). All ones is what a read of an absent controller gives: no valid status has its reserved bits set.</summary>
public readonly record struct ControllerStatus(uint Value)
{
    public const uint ReadyBit = 1;
    public const uint FatalBit = 2;

    public ControllerStatus(bool ready, bool fatal, ShutdownStatus shutdown)
        : this((ready ? ReadyBit : 0) | (fatal ? FatalBit : 0) | ((uint)shutdown << 2))
    {
    }

    public bool Rdy => (Value & ReadyBit) != 0;

    /// <summary>Controller Fatal Status: only a reset helps.</summary>
    public bool Cfs => (Value & FatalBit) != 0;

    public ShutdownStatus Shst => (ShutdownStatus)((Value >> 2) & 3);
}
