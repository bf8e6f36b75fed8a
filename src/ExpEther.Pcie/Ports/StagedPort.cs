using ExpEther.Core.Stages;
using ExpEther.Core.Time;

namespace ExpEther.Pcie.Ports;

/// <summary>A port whose work is counted as a stage of the owner loop.</summary>
public class StagedPort(ITlpPort port, StageClock stages, Stage stage) : ITlpPort
{
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        var outer = stages.Enter(stage);
        var accepted = port.TryAccept(tlp, now);
        stages.Leave(outer);
        return accepted;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        var outer = stages.Enter(stage);
        var taken = port.TryTake(now, into, out length);
        stages.Leave(outer);
        return taken;
    }
}
