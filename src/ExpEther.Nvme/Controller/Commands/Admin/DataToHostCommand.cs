using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>An admin command that answers with a structure: checks, then transfer, then contents.</summary>
internal abstract class DataToHostCommand : INvmeCommand
{
    private const int HasBuffer = 1;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        if (slot.Stage == HasBuffer)
        {
            if (!slot.PrpPending)
            {
                var data = engine.Data(slot);
                data.Clear();
                Fill(engine, slot, data);
                engine.Finish(ref slot, NvmeStatus.Success, withData: true);
            }

            return;
        }

        slot.Stage = HasBuffer;
        var status = Check(engine, slot, out var bytes, out var location);
        if (status.IsSuccess)
        {
            status = engine.StartTransfer(ref slot, bytes);
        }

        if (!status.IsSuccess)
        {
            engine.Finish(ref slot, status, location);
        }
    }

    /// <param name="engine">The engine.</param>
    /// <param name="slot">The command.</param>
    /// <param name="bytes">How much goes to the host.</param>
    /// <param name="location">Where in the command the error is.</param>
    protected abstract NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out int bytes, out ushort location);

    /// <param name="engine">The engine.</param>
    /// <param name="slot">The command.</param>
    /// <param name="into">As many bytes as the check said, all zero.</param>
    protected abstract void Fill(CommandEngine engine, in CommandSlot slot, Span<byte> into);
}
