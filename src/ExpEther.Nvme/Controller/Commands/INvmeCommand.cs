using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>
/// A command's behaviour; what it is doing for whom is in the slot. <see cref="Run"/> is called after the fetch (stage 0) and whenever
/// everything the slot waited for has ended; it ends by waiting for something or by finishing.
/// </summary>
internal interface INvmeCommand
{
    CommandEffects Effects { get; }

    void Run(CommandEngine engine, ref CommandSlot slot);
}
