namespace ExpEther.Bridge.Io.Functions;

/// <summary>What of a configuration write must reach the device.</summary>
[Flags]
internal enum ConfigEffect
{
    None = 0,
    BusMaster = 1,
    MsixControl = 2,
    FunctionLevelReset = 4,
}
