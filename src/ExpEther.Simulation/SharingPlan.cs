namespace ExpEther.Simulation;

/// <summary>What devices the boxes of one fabric have.</summary>
/// <param name="DisksPerBox">Used as they are.</param>
/// <param name="Vfs">Virtual functions of the shared device; 0: there is none.</param>
internal readonly record struct SharingPlan(int DisksPerBox, int Vfs)
{
    public int FunctionsPerBox => DisksPerBox + Vfs;

    public static SharingPlan Choose(SharingChoice choice, SeededRandom random)
    {
        var kind = random.Next(100);
        return choice == SharingChoice.Never || (choice == SharingChoice.BySeed && kind < 25) ? new SharingPlan(SimulationLimits.DisksPerBox, 0)
            : kind % 3 == 0 ? new SharingPlan(1, SimulationLimits.VirtualFunctions)
            : new SharingPlan(0, SimulationLimits.VirtualFunctions);
    }
}
