namespace ExpEther.Simulation.Storage;

/// <summary>What an NVMe device with virtual functions is made of that outlives its box.</summary>
/// <param name="Name">Of the device, and its serial number.</param>
/// <param name="Vfs">How many virtual functions it has.</param>
/// <param name="Shared">The namespace that all hosts read and none writes.</param>
/// <param name="Pool">Where private namespaces are.</param>
internal sealed record SharedDevice(string Name, int Vfs, SimDisk Shared, SimDisk Pool)
{
    /// <summary>NSID of the shared namespace.</summary>
    public const uint SharedNamespace = 1;

    public string FunctionName(int vf) => $"{Name}.vf{vf}";

    public bool Has(string function) => function.StartsWith($"{Name}.vf", StringComparison.Ordinal);
}
