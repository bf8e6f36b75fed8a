using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>An admin command that may bring a structure of 4096 bytes and then has to wait for something: checks, transfer, start, end.</summary>
internal abstract class DataFromHostCommand : INvmeCommand
{
    private const int HasBuffer = 1;
    private const int HasData = 2;
    private const int IsStarted = 3;

    public abstract CommandEffects Effects { get; }

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                Begin(engine, ref slot);
                break;
            case HasBuffer when !slot.PrpPending:
                slot.Stage = HasData;
                engine.ReadHostData(ref slot);
                break;
            case HasData:
                StartNow(engine, ref slot, engine.Data(slot));
                break;
            case IsStarted:
                // A change that failed has set the slot's status, with which it has ended already.
                engine.Finish(ref slot, NvmeStatus.Success);
                break;
        }
    }

    /// <summary>Looks at what needs no data.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="slot">The command.</param>
    /// <param name="hasData">There is a structure to bring.</param>
    /// <param name="location">Where in the command the error is.</param>
    protected abstract NvmeStatus Check(CommandEngine engine, in CommandSlot slot, out bool hasData, out ushort location);

    /// <summary>Starts what the command asks for; its status and result become the command's.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="slot">The command.</param>
    /// <param name="data">The structure; empty when there is none.</param>
    protected abstract NvmeStatus Start(CommandEngine engine, ref CommandSlot slot, Span<byte> data);

    private void Begin(CommandEngine engine, ref CommandSlot slot)
    {
        var status = Check(engine, slot, out var hasData, out var location);
        if (status.IsSuccess && hasData)
        {
            slot.Stage = HasBuffer;
            status = engine.StartTransfer(ref slot, NvmeSizes.IdentifyBytes);
        }
        else if (status.IsSuccess)
        {
            StartNow(engine, ref slot, default);
            return;
        }

        if (!status.IsSuccess)
        {
            engine.Finish(ref slot, status, location);
        }
    }

    private void StartNow(CommandEngine engine, ref CommandSlot slot, Span<byte> data)
    {
        slot.Stage = IsStarted;
        var status = Start(engine, ref slot, data);
        if (!status.IsSuccess)
        {
            engine.Finish(ref slot, status);
        }
    }
}
