using ExpEther.Core.Stages;
using ExpEther.Core.Time;

namespace ExpEther.Pcie.Ports;

/// <summary>A device whose work is counted as <see cref="Stage.Device"/>.</summary>
public sealed class StagedDevice(IPcieDevice device, StageClock stages) : StagedPort(device, stages, Stage.Device), IPcieDevice
{
    private readonly StageClock _stages = stages;

    public Instant? NextDeadline => device.NextDeadline;

    public IFunctionFlowControl? FlowControl => device.FlowControl;

    public IResumableDevice? Resumable => device.Resumable;

    public bool Poll(Instant now)
    {
        var outer = _stages.Enter(Stage.Device);
        var moved = device.Poll(now);
        _stages.Leave(outer);
        return moved;
    }

    public void Reset(Instant now) => device.Reset(now);
}
