using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Asynchronous Event Request (NVMe 1.4 §5.2): it has no timeout and waits for an event.</summary>
internal sealed class AsynchronousEventRequestCommand : INvmeCommand
{
    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        if (engine.Parts.Events.IsFull)
        {
            engine.Finish(ref slot, NvmeStatus.AsynchronousEventRequestLimitExceeded);
            return;
        }

        engine.Parts.Events.Park(ref slot);
        engine.Parts.Events.Deliver(engine);
    }
}
