using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>Notes the steps of one sequence with their times, and tells them as they are reached.</summary>
internal sealed class StepLog(OwnerScheduler scheduler, Action<BridgeStep>? progress)
{
    private readonly List<BridgeStep> _steps = [];

    public IReadOnlyList<BridgeStep> Steps => _steps;

    public void Add(string name)
    {
        var step = new BridgeStep(name, scheduler.Now);
        _steps.Add(step);
        progress?.Invoke(step);
    }
}
