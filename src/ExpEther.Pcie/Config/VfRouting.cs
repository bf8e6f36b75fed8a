namespace ExpEther.Pcie.Config;

/// <summary>Where the VFs' routing IDs are, counted from their PF's (PCIe 5.0 §9.3.3.9, §9.3.3.10).</summary>
/// <param name="FirstVfOffset">Of VF 1; never 0.</param>
/// <param name="VfStride">From one VF to the next; means nothing with one VF.</param>
public readonly record struct VfRouting(ushort FirstVfOffset, ushort VfStride)
{
    /// <summary>
    /// As few buses as can be. With ARI the numbers right behind the PF's. Without it the captured bus has room for function numbers 1 to
    /// 7 only; more VFs all go to the next bus, of which the port above forwards every ID.
    /// </summary>
    public static VfRouting Dense(int numVfs, bool ariCapableHierarchy) => new((ushort)(ariCapableHierarchy || numVfs <= 7 ? 1 : 256), 1);
}
