using ExpEther.Core.Time;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// A device at the end of a PCI Express link: a software model, or anything else that speaks TLPs. It is reached by TLPs only,
/// configuration included; the I/O bridge knows nothing else of it.
/// </summary>
public interface IPcieDevice : ITlpPort
{
    /// <summary>When <see cref="Poll"/> has something to do by itself; null when only a TLP or a backend can give it work.</summary>
    Instant? NextDeadline { get; }

    /// <summary>Its flow control for each function; null: it has one flow for all of them.</summary>
    IFunctionFlowControl? FlowControl => this as IFunctionFlowControl;

    /// <summary>How its functions go on after a restart of their box; null: they cannot, and their slots are emptied.</summary>
    IResumableDevice? Resumable => this as IResumableDevice;

    /// <summary>Lets the device look at its backends and timers. Called at every turn of the owner loop; cheap when there is nothing to do.</summary>
    /// <returns>True when something happened, so that the loop does not go to sleep.</returns>
    bool Poll(Instant now);

    /// <summary>Fundamental reset (PERST#): everything back to power-on state, as after the slot lost power.</summary>
    void Reset(Instant now);
}
