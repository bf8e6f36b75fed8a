namespace ExpEther.Nvme.Protocol;

/// <summary>What a Virtualization Management command asks for: its DW10 and DW11 (NVMe 1.4 §5.22).</summary>
/// <param name="ControllerId">CNTLID of the controller that changes.</param>
/// <param name="Resource">RT; reserved for online and offline.</param>
/// <param name="Action">ACT.</param>
/// <param name="Count">NR: how many resources the controller shall have; reserved for online and offline.</param>
public readonly record struct VirtualizationRequest(
    ushort ControllerId, VirtualResourceType Resource, VirtualizationAction Action, ushort Count)
{
    public const int ControllerIdShift = 16;
    public const int ResourceShift = 8;

    public static VirtualizationRequest From(uint dw10, uint dw11) => new(
        (ushort)(dw10 >> ControllerIdShift), (VirtualResourceType)((dw10 >> ResourceShift) & 7), (VirtualizationAction)(dw10 & 0xF), (ushort)dw11);

    public uint ToDw10() => ((uint)ControllerId << ControllerIdShift) | ((uint)Resource << ResourceShift) | (uint)Action;

    public uint ToDw11() => Count;
}
