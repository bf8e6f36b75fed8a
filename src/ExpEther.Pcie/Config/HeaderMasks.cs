namespace ExpEther.Pcie.Config;

/// <summary>What software may write in the header registers that both header types share (PCIe 5.0 §7.5.1.1).</summary>
internal static class HeaderMasks
{
    private const ushort StatusErrors = ConfigRegister.StatusMasterDataParityError | ConfigRegister.StatusSignaledTargetAbort
        | ConfigRegister.StatusReceivedTargetAbort | ConfigRegister.StatusReceivedMasterAbort | ConfigRegister.StatusSignaledSystemError
        | ConfigRegister.StatusDetectedParityError;

    public static void Define(ConfigSpace space)
    {
        space.DefineRw16(
            ConfigRegister.Command,
            ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable | ConfigRegister.CommandParityErrorResponse
                | ConfigRegister.CommandSerrEnable | ConfigRegister.CommandInterruptDisable);
        space.DefineRw1c16(ConfigRegister.Status, StatusErrors);
        space.DefineRw8(ConfigRegister.CacheLineSize, 0xFF);
        space.DefineRw8(ConfigRegister.InterruptLine, 0xFF);
    }

    /// <summary>A VF has Bus Master Enable of its own and nothing else to write in its header (PCIe 5.0 §9.3.4.1).</summary>
    public static void DefineVirtualFunction(ConfigSpace space)
    {
        space.DefineRw16(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable);
        space.DefineRw1c16(ConfigRegister.Status, StatusErrors);
    }

    /// <summary>Secondary Status has the same error bits on the other side of a bridge (§7.5.1.3.7).</summary>
    public static void DefineSecondaryStatus(ConfigSpace space) => space.DefineRw1c16(ConfigRegister.SecondaryStatus, StatusErrors);
}
