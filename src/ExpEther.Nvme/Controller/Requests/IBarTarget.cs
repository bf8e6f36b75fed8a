namespace ExpEther.Nvme.Controller.Requests;

/// <summary>What lies behind the BAR and what configuration writes mean to the rest of the controller.</summary>
internal interface IBarTarget
{
    /// <param name="offset">In BAR0, DW aligned.</param>
    uint ReadBar(int offset);

    void WriteBar(int offset, uint value, int enables);

    /// <summary>Initiate Function Level Reset was written.</summary>
    void OnFunctionLevelReset();
}
