namespace ExpEther.Pcie.Ports;

/// <summary>
/// Flow control for each function of a device, as MR-IOV has it for each virtual hierarchy: a device that has it keeps what a function
/// wants to send while that function's owner takes nothing, and its other functions go on.
/// </summary>
public interface IFunctionFlowControl
{
    /// <summary>
    /// Opens or closes the flow of one function; all are open at first and after a reset. Of a closed one nothing more is handed out,
    /// but for what stands before the completion of a configuration request that waits.
    /// </summary>
    /// <param name="function">Its routing ID. One that no function has changes nothing.</param>
    /// <param name="open">May be handed out.</param>
    void SetFlow(Rid function, bool open);
}
