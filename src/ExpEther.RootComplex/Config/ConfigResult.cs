namespace ExpEther.RootComplex.Config;

/// <summary>The end of a configuration read.</summary>
/// <param name="Status">Only <see cref="ConfigStatus.Success"/> has a value of the function.</param>
/// <param name="Value">The register, or all-ones.</param>
public readonly record struct ConfigResult(ConfigStatus Status, uint Value)
{
    public bool IsSuccess => Status == ConfigStatus.Success;

    public static ConfigResult Failed(ConfigStatus status) => new(status, uint.MaxValue);
}
